import { HindcastError } from '@hindcast/contracts';
import { loadCliConfig } from '../config.js';
import { diagnose, type Finding } from '../doctor/diagnosis.js';
import { machineFacts } from '../doctor/machine-facts.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';

/** Looks at all that a start needs, and at what runs. Exit code 1 where something is wrong. */
export async function doctor({ json, print }: Terminal): Promise<ExitCode> {
  const findings = await examine();
  print(json ? JSON.stringify(findings) : findingsText(findings));
  return findings.some(({ state }) => state === 'fault') ? exitCodes.failed : exitCodes.ok;
}

async function examine(): Promise<readonly Finding[]> {
  try {
    return diagnose(await machineFacts(loadCliConfig()));
  } catch (error) {
    // Without settings nothing else can be looked at.
    if (!(error instanceof HindcastError) || error.code !== 'CONFIG_INVALID') throw error;
    return [{ what: 'settings', state: 'fault', found: error.message, advice: 'Correct these variables (docs/CONFIGURATION.md).' }];
  }
}

const marks = { ok: 'ok', warning: '-', fault: '!!' } as const;

export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ what, state, found, advice }) => [
    `${marks[state].padStart(2)}  ${what.padEnd(width)}  ${found}`,
    ...(advice === undefined ? [] : [`${' '.repeat(width + 6)}${advice}`]),
  ]);
  const faults = findings.filter(({ state }) => state === 'fault').length;
  const verdict = faults === 0 ? 'Nothing is in the way.' : `${faults} ${faults === 1 ? 'thing has' : 'things have'} to be mended.`;
  return [...lines, '', verdict].join('\n');
}
