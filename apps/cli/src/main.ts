import { CommanderError } from 'commander';
import { errorLine, exitCodeOf, exitCodes } from './exit-codes.js';
import type { Asked } from './command-line.js';
import { hindcastProgram } from './program.js';
import { openTerminal } from './terminal.js';

const stop = new AbortController();
let interrupts = 0;
process.on('SIGINT', () => {
  // The first asks to come to a good end, the second insists.
  if (++interrupts > 1) process.exit(exitCodes.interrupted);
  stop.abort();
});
// A terminal that was closed says so more than once, and takes no further word: what was begun is still ended in order.
let isHungUp = false;
process.on('SIGHUP', () => {
  isHungUp = true;
  stop.abort();
});
process.on('SIGTERM', () => stop.abort());
// Whoever read along has read enough, as `head` does: that is an end, and no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (!isHungUp) process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.failed);
});
process.stderr.on('error', () => {
  if (!isHungUp) process.exit(exitCodes.failed);
});

process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<number> {
  let asked: Asked | undefined;
  try {
    await hindcastProgram((command) => (asked = command)).parseAsync(argv);
  } catch (error) {
    // commander has said what is wrong, or shown help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    throw error;
  }
  if (!asked) return exitCodes.usage;
  const terminal = openTerminal({ json: asked.json, signal: stop.signal });
  try {
    return await asked.run(terminal);
  } catch (error) {
    if (stop.signal.aborted) return exitCodes.interrupted;
    terminal.note(errorLine(error));
    return exitCodeOf(error);
  }
}
