import { HindcastError } from '@hindcast/contracts';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { ProgressDisplay } from '../format/progress.js';
import { percent, whole } from '../format/quantities.js';
import { parseList } from '../replay/replay-arguments.js';
import { parseSpan } from '../time-arguments.js';
import { findServices, type RebuildReport, type RebuildRequest, type Services } from '../services.js';
import type { Terminal } from '../terminal.js';

export interface RebuildOptions {
  readonly mode: string;
  readonly from: string;
  readonly to: string;
  readonly symbols?: string;
}

export async function physicsRebuild({ mode, from, to, symbols }: RebuildOptions, terminal: Terminal): Promise<ExitCode> {
  if (mode !== 'live' && mode !== 'hindsight') throw new HindcastError('FIELD_INVALID', `--mode ${mode}: allowed is live or hindsight.`);
  const request: RebuildRequest = { mode, ...parseSpan({ from, to }), ...(symbols === undefined ? {} : { symbols: parseList(symbols) }) };
  const report = await rebuildAndWait({ request, services: await findServices(terminal), terminal });
  if (terminal.json) terminal.print(JSON.stringify(report));
  return exitCodes.ok;
}

export interface RebuildParts {
  readonly request: RebuildRequest;
  readonly services: Pick<Services, 'startRebuild' | 'rebuild'>;
  readonly terminal: Terminal;
}

const pollMs = 250;

/** Starts a rebuild, after another one that is running, and waits for its end. Ctrl-C stops the waiting alone. */
export async function rebuildAndWait({ request, services, terminal }: RebuildParts): Promise<RebuildReport> {
  const { signal, sleep, note } = terminal;
  const display = new ProgressDisplay(terminal);
  let report = await startWhenFree({ request, services, terminal });
  while (report.state === 'running') {
    if (signal.aborted) {
      note(`Rebuild ${report.id} goes on in market-physics.`);
      signal.throwIfAborted();
    }
    display.waiting(`rebuilding: ${percent(report.progress)}, ${whole(report.states)} states`);
    await sleep(pollMs);
    report = await services.rebuild(report.id);
  }
  if (report.state !== 'done')
    throw new HindcastError('INTERNAL', `Rebuild ${report.id} ${report.state}: ${report.error ?? 'it says no reason'}.`);
  note(`Rebuilt ${whole(report.states)} states (${request.mode}).`);
  return report;
}

async function startWhenFree({ request, services, terminal: { signal, sleep } }: RebuildParts): Promise<RebuildReport> {
  for (;;) {
    try {
      return await services.startRebuild(request);
    } catch (error) {
      if (!(error instanceof HindcastError) || error.code !== 'REBUILD_RUNNING') throw error;
      await sleep(pollMs, signal);
    }
  }
}
