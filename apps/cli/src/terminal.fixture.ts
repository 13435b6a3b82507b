import type { Terminal } from './terminal.js';

/** A terminal that remembers what was written, with a clock that only sleeping moves. */
export function fakeTerminal(
  signal: AbortSignal = new AbortController().signal,
): Terminal & { readonly printed: string[]; readonly notes: string[] } {
  const printed: string[] = [];
  const notes: string[] = [];
  let nowUs = 1_000_000;
  return {
    printed,
    notes,
    print: (text) => void printed.push(text),
    note: (text) => void notes.push(text),
    redraw: null,
    screen: null,
    fullScreen: null,
    confirm: null,
    onKey: null,
    json: false,
    clock: { nowUs: () => nowUs },
    signal,
    sleep: (ms) => {
      nowUs += ms * 1000;
      return Promise.resolve();
    },
  };
}
