import type { SuiteMonitoring } from '@hindcast/contracts';
import { gatherMonitoring } from '@hindcast/service-kit/caller';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { picture, problemsOf } from '../status/picture.js';
import type { Terminal } from '../terminal.js';
import { runningConfig } from '../which-runs.js';

export interface StatusOptions {
  readonly watch?: boolean;
}

const watchIntervalMs = 2_000;

/** Asks each service itself, so that no service has to be there for the others to be seen. */
export async function showStatus({ watch = false }: StatusOptions, terminal: Terminal): Promise<ExitCode> {
  const config = await runningConfig(terminal);
  const look = (): Promise<SuiteMonitoring> => gatherMonitoring(config, terminal.clock);
  if (watch) return watchStatus(look, terminal);
  const suite = await look();
  terminal.print(terminal.json ? JSON.stringify(suite) : picture(suite));
  return statusExitCode(suite);
}

/** `away` where a service does not answer, `failed` where something needs a person: what mends itself is `ok`. */
export function statusExitCode(suite: SuiteMonitoring): ExitCode {
  if (suite.services.some(({ answers }) => !answers)) return exitCodes.away;
  return problemsOf(suite).some(({ severity }) => severity === 'critical') ? exitCodes.failed : exitCodes.ok;
}

/** Until Ctrl-C. On a terminal the picture stands still and changes; a pipe gets one after the other. */
export async function watchStatus(look: () => Promise<SuiteMonitoring>, terminal: Terminal): Promise<ExitCode> {
  const { signal, json, screen, print } = terminal;
  while (!signal.aborted) {
    const suite = await look();
    if (json) print(JSON.stringify(suite));
    else (screen ?? print)(`${suite.time}\n\n${picture(suite)}\n`);
    // An aborted wait is a wait that is over.
    await terminal.sleep(watchIntervalMs, signal).catch(() => undefined);
  }
  return exitCodes.interrupted;
}
