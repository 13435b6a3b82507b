/** The terminal of what runs: sentences that stay, and below them one line that is drawn over itself. */

/** Elsewhere than on a terminal a line stays for ever, so that few are enough. */
const lineIntervalMs = 60_000;
const eraseLine = '\r\u001b[K';

/**
 * @typedef {object} RunDisplay
 * @property {(text: string) => void} say
 * @property {(line: string) => void} pulse how things stand now
 * @property {() => void} close leaves what was drawn last
 */

/**
 * @param {object} options
 * @param {boolean} options.silent
 * @param {{ write: (text: string) => unknown, isTTY?: boolean, columns?: number }} [options.out]
 * @param {() => number} [options.nowMs] of a clock that only goes forward
 * @returns {RunDisplay}
 */
export function openRunDisplay({ silent, out = process.stdout, nowMs = () => performance.now() }) {
  let drawn = false;
  let lastLine = '';
  let lastMs = -Infinity;
  const write = (/** @type {string} */ text) => !silent && out.write(text);
  return {
    say(text) {
      write(`${drawn ? eraseLine : ''}${text}\n`);
      drawn = false;
    },
    pulse(line) {
      if (out.isTTY) {
        write(`${eraseLine}${line.slice(0, Math.max((out.columns || 80) - 1, 20))}`);
        drawn = !silent;
      } else if (line !== lastLine && nowMs() - lastMs >= lineIntervalMs) {
        write(`${line}\n`);
        lastLine = line;
        lastMs = nowMs();
      }
    },
    close() {
      if (drawn) write('\n');
      drawn = false;
    },
  };
}
