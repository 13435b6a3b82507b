import { HindcastError, type LedgerDto } from '@hindcast/contracts';
import { leanFeed, type LeanFeed } from '@hindcast/feeds';
import { GrpcPusher } from '@hindcast/log-grpc';
import type { BaseConfig } from '@hindcast/service-kit';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { whole } from '../format/quantities.js';
import { parseReplay, replayKey, type ReplayArguments, type ReplayOptions } from '../replay/replay-arguments.js';
import { ReplayPositions } from '../replay/replay-position.js';
import { runReplay, type ReplayRunResult } from '../replay/replay-run.js';
import { gapsText, summaryText, type ReplaySummary } from '../replay/replay-summary.js';
import { lateDays } from '../replay/replay-tally.js';
import { whenComputed, whenStored } from '../replay/settle.js';
import { openServices, type Services } from '../services.js';
import type { Terminal } from '../terminal.js';
import { runningConfig } from '../which-runs.js';
import { rebuildAndWait } from './physics-rebuild.js';

/** The service may be restarted meanwhile; longer than this is not a restart. */
const awayMaxMs = 300_000;
/** At N times real time a batch spans this much of the clock at most, so that states come steadily. */
const pacedSpanSeconds = 0.1;

export async function replay(options: ReplayOptions, terminal: Terminal): Promise<ExitCode> {
  const args = parseReplay(options);
  for (;;) {
    try {
      return await replayOnce(args, terminal);
    } catch (error) {
      // The source has everything still.
      if (!(error instanceof HindcastError) || error.code !== 'LOG_REPLACED') throw error;
      terminal.note(`${error.code}: ${error.message} Sending again from the beginning.`);
    }
  }
}

async function replayOnce(args: ReplayArguments, terminal: Terminal): Promise<ExitCode> {
  const config = await runningConfig(terminal);
  const services = openServices(config);
  const positions = new ReplayPositions({ home: config.home, key: replayKey(args) });
  const before = await services.ledger();
  const startRow = await startingRow({ args, positions, streamId: before.stream_id, terminal });
  const feed = await openFeed(args, startRow, terminal);
  const pusher = openPusher(config, terminal);
  try {
    const result = await runReplay({ feed, pusher, positions, terminal, speed: args.speed, startRow });
    if (!result.finished) return stopped(result, terminal);
    const summary = await settle({ result, before, startRow, services, terminal, embeddings: args.waitEmbeddings });
    await positions.forget();
    terminal.print(terminal.json ? JSON.stringify(summary) : summaryText(summary));
    if (summary.late_days !== null) await rebuildLateDays({ days: summary.late_days, services, terminal });
    return summary.ledger.balanced && summary.ledger.verified ? exitCodes.ok : exitCodes.ledger;
  } finally {
    pusher.close();
  }
}

interface Start {
  readonly args: ReplayArguments;
  readonly positions: ReplayPositions;
  readonly streamId: string;
  readonly terminal: Terminal;
}

/** Where an earlier run of the same replay was stopped; 0 where there was none, or the log is no longer the same. */
async function startingRow({ args, positions, streamId, terminal }: Start): Promise<number> {
  const position = args.restart ? undefined : await positions.load();
  if (!position) return 0;
  if (position.streamId !== streamId) {
    terminal.note('An earlier run of this replay was stopped, but the log is another one now: starting from the beginning.');
    return 0;
  }
  terminal.note(`Going on after row ${whole(position.rows)}, where this replay was stopped; --restart starts it from the beginning.`);
  return position.rows;
}

async function openFeed(args: ReplayArguments, startAfterRow: number, terminal: Terminal): Promise<LeanFeed> {
  const { speed, clock } = { speed: args.speed, clock: terminal.clock };
  const batchSpanUs = speed === Infinity ? Infinity : speed * pacedSpanSeconds * 1_000_000;
  const feed = await leanFeed({ ...args, clock, startAfterRow, batchSpanUs });
  const { files, bytes, gaps } = feed.plan;
  const days = (Date.parse(args.toDay) - Date.parse(args.fromDay)) / 86_400_000 + 1;
  terminal.note(`${whole(files)} files, ${whole(bytes / 1_000_000)} MB unpacked`);
  for (const line of gapsText(gaps, days)) terminal.note(line);
  return feed;
}

function openPusher({ tickIngestGrpc: url, tickIngestGrpcTls: tls, apiKey }: BaseConfig, terminal: Terminal): GrpcPusher {
  let told = false;
  return new GrpcPusher({
    url,
    tls,
    apiKey,
    awayMaxMs,
    onAway: ({ code, message }) => {
      if (!told) terminal.note(`${code}: ${message} Waiting, and sending again.`);
      told = true;
    },
    onBack: () => {
      terminal.note('tick-ingest takes batches again.');
      told = false;
    },
  });
}

function stopped({ rows, tally }: ReplayRunResult, { json, print, note }: Terminal): ExitCode {
  if (json) print(JSON.stringify({ stopped: true, rows, received: tally.received }));
  note(`Stopped after row ${whole(rows)}. The same command goes on there.`);
  return exitCodes.interrupted;
}

interface Settlement {
  readonly result: ReplayRunResult;
  readonly before: LedgerDto;
  readonly startRow: number;
  readonly services: Services;
  readonly terminal: Terminal;
  readonly embeddings: boolean;
}

async function settle({ result, before, startRow, services, terminal, embeddings }: Settlement): Promise<ReplaySummary> {
  const { clock } = terminal;
  const sentUs = clock.nowUs();
  const after = await whenStored({ services, terminal });
  await whenComputed({ services, terminal, number: after.head_number, embeddings });
  const settledSeconds = (clock.nowUs() - sentUs) / 1_000_000;
  const { balanced, verified, rows, cells, differences } = await services.verifyLedger();
  const { elapsedSeconds, tally } = result;
  return {
    ...tally.counts(before, after),
    rows_a_second: Math.round(tally.received / Math.max(elapsedSeconds, 0.001)),
    elapsed_seconds: elapsedSeconds,
    started_after_row: startRow,
    settled_seconds: settledSeconds,
    ledger: { balanced, verified, rows, cells, differences },
    late_days: lateDays(before, after) ?? null,
  };
}

interface LateRebuild {
  readonly days: NonNullable<ReplaySummary['late_days']>;
  readonly services: Services;
  readonly terminal: Terminal;
}

/** Live states never take late trades in, so the states of these days are made again with all that is known now. */
async function rebuildLateDays({ days: { symbols, fromDay, toDay }, services, terminal }: LateRebuild): Promise<void> {
  const span = fromDay === toDay ? fromDay : `${fromDay} to ${toDay}`;
  terminal.note(
    `Trades of ${symbols.join(', ')} of ${span} came after later days and are late as a whole: rebuilding their states in hindsight.`,
  );
  await rebuildAndWait({ request: { mode: 'hindsight', from: fromDay, to: dayAfter(toDay), symbols }, services, terminal });
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}
