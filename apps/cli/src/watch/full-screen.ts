import type { ReadStream, WriteStream } from 'node:tty';

/** A terminal that one command has to itself. */
export interface FullScreen {
  readonly width: number;
  readonly height: number;
  readonly colours: boolean;
  /** Shows these lines and nothing else; what stays as it was is not written again. */
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
/** Terminals that know it show all that stands between at once, others pass it over. */
const beginUpdate = '\u001b[?2026h';
const endUpdate = '\u001b[?2026l';
const toLine = (line: number): string => `\u001b[${line + 1};1H\u001b[2K`;
const quitKeys = new Set(['q', 'Q', '\u0003', '\u0004']);

/** Takes the terminal: another screen, so that what stood there comes back, no cursor, and keys as they are pressed. */
export function openFullScreen({ input, output }: { input: ReadStream; output: WriteStream }, onQuit: () => void): FullScreen {
  let shown: readonly string[] = [];
  let isOpen = true;
  const onKey = (data: Buffer): void => {
    if (Array.from(data.toString('utf8')).some((key) => quitKeys.has(key))) onQuit();
  };
  // Another size has other lines: all of them are written again.
  const onResize = (): void => {
    shown = [];
    output.write('\u001b[2J');
  };
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    process.off('exit', close);
    output.off('resize', onResize);
    if (input.isTTY) {
      input.off('data', onKey);
      input.setRawMode(false);
      input.pause();
    }
    output.write(leave);
  };
  output.write(enter);
  output.on('resize', onResize);
  // Also where the command ends by a bug: a terminal without a cursor is of no use to anybody.
  process.once('exit', close);
  if (input.isTTY) {
    input.setRawMode(true);
    input.on('data', onKey);
  }
  return {
    get width() {
      return output.columns;
    },
    get height() {
      return output.rows;
    },
    colours: output.hasColors(),
    draw(lines) {
      if (!isOpen) return;
      const length = Math.max(lines.length, shown.length);
      const changed = Array.from({ length }, (_, at) => at).filter((at) => lines[at] !== shown[at]);
      if (changed.length > 0) output.write(`${beginUpdate}${changed.map((at) => toLine(at) + (lines[at] ?? '')).join('')}${endUpdate}`);
      shown = [...lines];
    },
    close,
  };
}
