import { HindcastError } from '@hindcast/contracts';
import { GrpcPusher } from '@hindcast/log-grpc';
import type { Clock } from '@hindcast/ports';
import type { BaseConfig } from '@hindcast/service-kit/caller';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { whole } from '../format/quantities.js';
import { openServices, type Services } from '../services.js';
import type { Terminal } from '../terminal.js';
import { runningConfig } from '../which-runs.js';
import { conclude, type Settled } from './conclude.js';
import { SendPositions, type SendPosition } from './position.js';
import { sendFeed, stoppedNote, type SendableFeed, type SendFeedResult, type WatchAcknowledged } from './send-feed.js';
import { serviceClock } from './service-clock.js';
import { whenComputed, whenStored, whenVerified } from './settle.js';
import { summaryText } from './summary.js';

/** Everything that `replay` and `import` send: files in one order, from where an earlier run of the same was stopped. */
export interface SendRun {
  readonly what: 'replay' | 'import';
  /** The same for every run that sends the same rows in the same order. */
  readonly key: string;
  readonly restart: boolean;
  /** Times real time; Infinity is as fast as it goes. */
  readonly speed: number;
  readonly waitEmbeddings: boolean;
  /** By the service's clock: what has ended is for it to say. */
  readonly open: (startAfterRow: number, clock: Clock) => Promise<SendableFeed>;
  /** Told before anything is sent, and anew where all of it is sent again. */
  readonly begin?: (start: RunStart) => void | Promise<void>;
  readonly onAcknowledged?: WatchAcknowledged;
  /** Length of what the run writes beside; a run that goes on is told how much of it is of rows that are not sent again. */
  readonly besideBytes?: () => number;
  /** Lines below the summary. */
  readonly closing?: () => readonly string[];
}

export type RunStart = Pick<SendPosition, 'rows' | 'besideBytes'>;

/** The service may be restarted meanwhile; longer than this is not a restart. */
const awayMaxMs = 300_000;

/** Sends, waits until everything is stored and computed, verifies the ledger, prints what became of each row. */
export async function sendRun(run: SendRun, terminal: Terminal): Promise<ExitCode> {
  for (;;) {
    try {
      return await sendOnce(run, terminal);
    } catch (error) {
      // The source has everything still.
      if (!(error instanceof HindcastError) || error.code !== 'LOG_REPLACED') throw error;
      terminal.note(`${error.code}: ${error.message} Sending again from the beginning.`);
    }
  }
}

async function sendOnce(run: SendRun, terminal: Terminal): Promise<ExitCode> {
  const config = await runningConfig(terminal);
  const services = openServices(config);
  const positions = new SendPositions({ home: config.home, key: run.key });
  const before = await services.ledger();
  const start = await startOf({ run, positions, streamId: before.stream_id, terminal });
  const { rows: startRow } = start;
  const feed = await run.open(startRow, await serviceClock(services, terminal.clock));
  await run.begin?.(start);
  const pusher = openPusher(config, terminal);
  try {
    const { speed, onAcknowledged, besideBytes } = run;
    const watch = { ...(onAcknowledged ? { onAcknowledged } : {}), ...(besideBytes ? { besideBytes } : {}) };
    const result = await sendFeed({ feed, pusher, positions, terminal, speed, startRow, ...watch });
    if (!result.finished) return stopped(result, terminal);
    const settled = await settle({ result, startRow, services, terminal, embeddings: run.waitEmbeddings });
    await positions.forget();
    terminal.print(terminal.json ? JSON.stringify(settled.summary) : [summaryText(settled.summary), ...(run.closing?.() ?? [])].join('\n'));
    return await conclude(settled, { services, terminal });
  } finally {
    pusher.close();
  }
}

interface Start {
  readonly run: Pick<SendRun, 'what' | 'restart'>;
  readonly positions: SendPositions;
  readonly streamId: string;
  readonly terminal: Terminal;
}

/** Where an earlier run of the same was stopped; row 0 where there was none, or the log is no longer the same. */
async function startOf({ run: { what, restart }, positions, streamId, terminal }: Start): Promise<RunStart> {
  const position = restart ? undefined : await positions.load();
  if (!position) return { rows: 0 };
  if (position.streamId !== streamId) {
    terminal.note(`An earlier run of this ${what} was stopped, but the log is another one now: starting from the beginning.`);
    return { rows: 0 };
  }
  terminal.note(`Going on after row ${whole(position.rows)}, where this ${what} was stopped; --restart starts it from the beginning.`);
  return position;
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

function stopped({ rows, tally }: SendFeedResult, { json, print, note }: Terminal): ExitCode {
  if (json) print(JSON.stringify({ stopped: true, rows, received: tally.received }));
  note(stoppedNote(rows));
  return exitCodes.interrupted;
}

interface Settlement {
  readonly result: SendFeedResult;
  readonly startRow: number;
  readonly services: Services;
  readonly terminal: Terminal;
  readonly embeddings: boolean;
}

async function settle({ result, startRow, services, terminal, embeddings }: Settlement): Promise<Settled> {
  const { clock } = terminal;
  const sentUs = clock.nowUs();
  const after = await whenStored({ services, terminal });
  await whenComputed({ services, terminal, number: after.head_number, embeddings });
  const settledSeconds = (clock.nowUs() - sentUs) / 1_000_000;
  const { ledger, ...unverified } = await whenVerified(services);
  const { elapsedSeconds, tally } = result;
  const summary = {
    ...tally.counts(),
    rows_a_second: Math.round(tally.received / Math.max(elapsedSeconds, 0.001)),
    elapsed_seconds: elapsedSeconds,
    started_after_row: startRow,
    settled_seconds: settledSeconds,
    ledger,
    late_days: tally.lateDays() ?? null,
  };
  return { summary, ...unverified };
}
