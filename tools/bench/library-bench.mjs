/** A bench that stands beside its library: a program that prints figures, run in a process of its own. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { projectRoot } from '../stack/settings.mjs';
import { parseFigure } from './figure.mjs';

/**
 * Throws where it ends badly, which is how it says that what it made was wrong.
 * @param {object} options
 * @param {string} options.script from the project's root
 * @param {readonly string[]} options.args
 * @param {import('./undo.mjs').Undo} options.undo
 * @param {(line: string) => void} options.say gets each line that is no figure
 * @returns {Promise<import('./figure.mjs').Figure[]>}
 */
export async function runLibraryBench({ script, args, undo, say }) {
  const child = spawn(nodeExecutable(), ['--enable-source-maps', join(projectRoot, script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  undo.add(() => child.kill());
  /** @type {Promise<number | null>} */
  const exitCode = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  createInterface({ input: child.stderr }).on('line', say);
  const figures = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const figure = parseFigure(line);
    if (figure) figures.push(figure);
    else say(line);
  }
  const code = await exitCode;
  if (code !== 0) throw new Error(`${script} ended with exit code ${code}`);
  if (figures.length === 0) throw new Error(`${script} printed no figure`);
  return figures;
}
