/** What a stack says: events of its own, and the lines of its members, each to the terminal and to where it is kept. */
import { readableLine } from './log-line.mjs';

const nameWidth = 17;

/**
 * @typedef {object} Voice
 * @property {(name: string, text: string) => void} event something happened to a member
 * @property {(name: string, text: string) => void} progress it starts or stops as it was told to
 * @property {(name: string, line: string) => void} line a member said something
 * @property {(text: string) => void} plain for the person in front of it
 */

/**
 * @param {object} options
 * @param {(text: string) => void} options.print to the terminal; does nothing where the stack is detached
 * @param {(line: string) => void} options.keep to the stack's own log
 * @returns {Voice}
 */
export function createVoice({ print, keep }) {
  const event = (/** @type {string} */ name, /** @type {string} */ text) => {
    print(`${name.padEnd(nameWidth)} : ${text}`);
    keep(`${new Date().toISOString()} ${name}: ${text}`);
  };
  return {
    event,
    progress: event,
    // Each member has a log of its own, so the stack's keeps events only.
    line: (name, line) => print(`${name.padEnd(nameWidth)} | ${readableLine(line)}`),
    plain(text) {
      print(text);
      keep(text);
    },
  };
}
