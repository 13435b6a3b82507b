import { createInterface } from 'node:readline/promises';
import { setTimeout } from 'node:timers/promises';
import { systemClock, type Clock } from '@hindcast/ports';
import { openFullScreen, type FullScreen } from './watch/full-screen.js';

/** What a command has of the world around it: where it writes, the time, and whether it shall stop. */
export interface Terminal {
  /** Answers, on standard output. */
  readonly print: (text: string) => void;
  /** Everything else, on standard error: a pipe gets answers only. */
  readonly note: (text: string) => void;
  /** Writes over the line before it on a terminal; null elsewhere. */
  readonly redraw: ((text: string) => void) | null;
  /** Shows a text alone on the whole terminal; null elsewhere. */
  readonly screen: ((text: string) => void) | null;
  /** Asks a person yes or no; null where nobody sits there. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
  /** Calls back with every key until it is told to stop; null where nobody can press one. */
  readonly onKey: ((pressed: (key: string) => void) => () => void) | null;
  /** Has the whole terminal to itself until it is closed; null elsewhere. `onQuit` is told of the key q. */
  readonly fullScreen: ((onQuit: () => void) => FullScreen) | null;
  readonly json: boolean;
  readonly clock: Clock;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

const eraseScreen = '\u001b[H\u001b[2J\u001b[3J';
const eraseLine = '\r\u001b[K';

export function openTerminal({ json, signal }: { readonly json: boolean; readonly signal: AbortSignal }): Terminal {
  const { stdin, stdout, stderr } = process;
  let drawn = false;
  const clear = (): void => {
    if (drawn) stderr.write(eraseLine);
    drawn = false;
  };
  const redraw = (text: string): void => {
    stderr.write(`${eraseLine}${text.slice(0, Math.max(stderr.columns - 1, 20))}`);
    drawn = true;
  };
  return {
    print: (text) => {
      clear();
      stdout.write(`${text}\n`);
    },
    note: (text) => {
      clear();
      stderr.write(`${text}\n`);
    },
    redraw: stderr.isTTY && !json ? redraw : null,
    screen: stdout.isTTY && !json ? (text) => void stdout.write(`${eraseScreen}${text}`) : null,
    confirm: process.stdin.isTTY && stderr.isTTY && !json ? (question) => confirm(question, signal) : null,
    onKey: stdin.isTTY && stdout.isTTY && !json ? listenToKeys : null,
    fullScreen: stdout.isTTY && !json ? (onQuit) => openFullScreen({ input: stdin, output: stdout }, onQuit) : null,
    json,
    clock: systemClock,
    signal,
    sleep: (ms, until) => setTimeout(ms, undefined, until ? { signal: until } : {}),
  };
}

/** Return alone means yes. */
async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // The interface reads the terminal raw, so that Ctrl-C comes to it and not to the process.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await lines.question(`${question} [Y/n] `, { signal });
    return /^(y|yes)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

const interrupt = '\u0003';

/** Without a line's end to wait for, which takes Ctrl-C away from the terminal: it is given back as the signal that it is. */
function listenToKeys(pressed: (key: string) => void): () => void {
  const { stdin } = process;
  const listen = (data: Buffer): void => {
    const key = data.toString('utf8');
    if (key === interrupt) process.kill(process.pid, 'SIGINT');
    else pressed(key);
  };
  stdin.setRawMode(true).resume().on('data', listen);
  return () => {
    stdin.off('data', listen).pause().setRawMode(false);
  };
}
