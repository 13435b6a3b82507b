import { writeFile } from 'node:fs/promises';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { findServices } from '../services.js';
import { neighboursSvg } from '../similar/neighbours-svg.js';
import { similarRequest, type SimilarOptions } from '../similar/similar-arguments.js';
import { similarText } from '../similar/similar-text.js';
import type { Terminal } from '../terminal.js';

export async function similar(options: SimilarOptions, { json, print, note }: Terminal): Promise<ExitCode> {
  const request = similarRequest(options);
  const services = await findServices({ note });
  const answer = await services.similar(request);
  print(json ? JSON.stringify(answer) : similarText(answer));
  if (options.svg !== undefined) {
    await writeFile(options.svg, neighboursSvg(answer));
    note(`${options.svg}: the paths of ${answer.neighbours.length} neighbours`);
  }
  return exitCodes.ok;
}
