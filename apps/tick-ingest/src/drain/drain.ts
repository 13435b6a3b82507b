import { once } from 'node:events';
import { HindcastError } from '@hindcast/contracts';
import {
  encodeLoggedBatch,
  emptyQuotes,
  emptyTrades,
  rowsOf,
  numberOfSequence,
  positionOfSequence,
  sliceQuotes,
  sliceTrades,
  type LoggedBatch,
} from '@hindcast/market';
import { rowName, type QuarantinedRow, type StoredProgress, type TickWriter, type WriteOutcome } from '@hindcast/ports';
import { cellOf, progressOf, type StoredPiece } from './stored-progress.js';

export interface DrainParts {
  readonly streamId: string;
  /** A flushed batch. */
  readonly read: (number: number) => LoggedBatch | undefined;
  readonly writer: TickWriter;
  /** `elapsedMs` is from the sending of the piece until a SELECT has shown it. */
  readonly onProgress: (progress: StoredProgress, elapsedMs: number) => void;
  readonly onStatus: (status: DrainStatus) => void;
  /** Resolves after the time, or at once when aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly pieceRowsMax: number;
  readonly quarantineRowsMax: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly nowMs: () => number;
  /** While the log is busy, pieces that are not full leave at this interval: the store pays for each commit. */
  readonly pieceIntervalMs: number;
}

export interface DrainStatus {
  /** `stopped` needs a person: schema or store is wrong. It goes on trying all the same. */
  readonly state: 'running' | 'waiting' | 'stopped';
  readonly detail: string;
}

const running: DrainStatus = { state: 'running', detail: '' };
/** Requests on their way at once: the next one is encoded while the store works on the one before. */
const piecesAhead = 2;
/** Pieces acknowledged and not shown yet: the store is given the next ones meanwhile, or it stands still between two. */
const piecesUnseenMax = 4;
const pieceBatchesMax = 1_024;
/** Of the interval: a log that nothing was added to for so long has come to rest. */
const restShare = 0.1;
/** Of a piece: what is worth a commit of its own then. One that is half full at least costs a row no more than twice as much. */
const worthShare = 0.5;
const retryMinMs = 100;
const retryMaxMs = 5_000;
const visiblePollMinMs = 2;
const visiblePollMaxMs = 100;
/** Polls without success after which a table may be suspended. */
const pollsBeforeResume = 50;
const schemaCodes: ReadonlySet<string> = new Set(['SCHEMA_MISSING', 'SCHEMA_CHANGED']);
/** Acknowledged rows of tables that are not suspended are shown long before; after it, they are taken to be lost. */
const resendAfterMs = 30_000;

interface Piece extends StoredPiece {
  readonly sentAtMs: number;
}

/**
 * Follows the log into the tick store, in order, in pieces as large as the store likes. A store that is away is only a
 * drain that waits; a piece is done when a SELECT has returned its last rows.
 */
export class Drain {
  private head = 0;
  private headMovedAtMs = -Infinity;
  private wakeUp: () => void = () => undefined;
  /** What keeps a piece from being through, by the piece's first batch: one piece says nothing of another. */
  private readonly failures = new Map<number, HindcastError>();
  private status: DrainStatus = running;
  private sentAtMs = -Infinity;
  private rowsABatch = 0;
  private unseen = 0;
  /** Pieces are counted in their order. */
  private watching: Promise<void> = Promise.resolve();
  /** Aborted by a fault of ours, which is its reason; whoever runs the drain gets it. */
  private readonly crash = new AbortController();

  constructor(private readonly parts: DrainParts) {}

  /** The log was flushed up to this batch. */
  advance(headNumber: number): void {
    if (headNumber > this.head) this.headMovedAtMs = this.parts.nowMs();
    this.head = Math.max(this.head, headNumber);
    this.wakeUp();
  }

  /**
   * Runs until aborted; pieces that were sent and not seen are sent again after the next start. A fault of ours rejects at
   * once, whatever the store still has in hand, and no piece counts after one that was given up.
   */
  async run(fromNumber: number, signal: AbortSignal): Promise<void> {
    const crash = this.crash.signal;
    const ending = AbortSignal.any([signal, crash]);
    ending.addEventListener('abort', () => this.wakeUp(), { once: true });
    await Promise.race([this.orCrash(this.follow(fromNumber, ending)), once(crash, 'abort')]);
    crash.throwIfAborted();
  }

  private async follow(fromNumber: number, signal: AbortSignal): Promise<void> {
    const sending: Promise<Piece | undefined>[] = [];
    let next = fromNumber;
    while (!signal.aborted) {
      const restMs = this.restMs(next);
      if (restMs > 0 && sending.length === 0) {
        // What comes meanwhile may fill the piece.
        await this.parts.wait(Math.min(restMs, this.quietMs), signal);
        continue;
      }
      const mayTake = sending.length < piecesAhead && this.unseen < piecesUnseenMax && restMs === 0;
      const batches = mayTake ? this.collect(next) : [];
      if (batches.length > 0) {
        next = batches[batches.length - 1].number + 1;
        this.sentAtMs = this.parts.nowMs();
        this.rowsABatch = batches.reduce((sum, batch) => sum + rowsOf(batch), 0) / batches.length;
        sending.push(this.orCrash(this.send(batches, signal)));
        continue;
      }
      const oldest = sending.shift();
      if (oldest) this.watch(await oldest, signal);
      else await new Promise<void>((resolve) => (this.wakeUp = resolve));
    }
    await Promise.all(sending);
    await this.watching;
  }

  /** Counts a piece once it is seen, and those before it are. */
  private watch(piece: Piece | undefined, signal: AbortSignal): void {
    if (!piece) return;
    this.report(piece.batches, undefined);
    this.unseen++;
    this.watching = this.watching
      .then(() => this.orCrash(this.untilSeen(piece, signal)))
      .then(() => {
        this.unseen--;
        this.wakeUp();
      });
  }

  private orCrash<T>(work: Promise<T>): Promise<T | undefined> {
    return work.catch((error: unknown) => {
      this.crash.abort(error);
      return undefined;
    });
  }

  private async untilSeen(sent: Piece, signal: AbortSignal): Promise<void> {
    // Also where a piece before it was given up: the watermark would pass what nobody has seen.
    if (signal.aborted) return;
    let piece: Piece | undefined = sent;
    // A resend changes nothing where the rows were on their way all the same.
    while (piece && !(await this.seen(piece, signal))) piece = await this.send(piece.batches, signal);
    if (piece) this.parts.onProgress(progressOf(piece), this.parts.nowMs() - piece.sentAtMs);
  }

  /**
   * How long what waits should wait for company: not at all where it fills a piece, or where the last one left long ago; and no longer
   * than it takes to see that the log has come to rest, where it is worth a commit.
   */
  private restMs(next: number): number {
    const { pieceRowsMax, pieceIntervalMs, nowMs } = this.parts;
    const rowsExpected = (this.head - next + 1) * this.rowsABatch;
    if (rowsExpected === 0 || rowsExpected >= pieceRowsMax) return 0;
    const leavesAtMs = this.sentAtMs + pieceIntervalMs;
    const isWorthIt = rowsExpected >= worthShare * pieceRowsMax;
    return Math.max(0, (isWorthIt ? Math.min(leavesAtMs, this.headMovedAtMs + this.quietMs) : leavesAtMs) - nowMs());
  }

  private get quietMs(): number {
    return restShare * this.parts.pieceIntervalMs;
  }

  private collect(from: number): LoggedBatch[] {
    const batches: LoggedBatch[] = [];
    let rows = 0;
    for (let number = from; number <= this.head && batches.length < pieceBatchesMax; number++) {
      const batch = this.parts.read(number);
      // Waiting for it would be waiting for ever.
      if (!batch) throw new Error(`batch ${number} is flushed and cannot be read`);
      const batchRows = rowsOf(batch);
      if (batches.length > 0 && rows + batchRows > this.parts.pieceRowsMax) break;
      batches.push(batch);
      rows += batchRows;
    }
    return batches;
  }

  /** Sends one piece until the store has taken it; undefined where it was aborted meanwhile. */
  private async send(batches: readonly LoggedBatch[], signal: AbortSignal): Promise<Piece | undefined> {
    let skip = new Set<string>();
    let quarantined: QuarantinedRow[] = [];
    const sentAtMs = this.parts.nowMs();
    for (let attempt = 0; !signal.aborted;) {
      try {
        const outcome = await this.parts.writer.writeTicks(batches, { skip, streamId: this.parts.streamId });
        if (outcome.kind === 'written') return { sentAtMs, batches, skip, quarantined };
        if (quarantined.length >= this.parts.quarantineRowsMax) throw tooManyRefused(this.parts.quarantineRowsMax, outcome);
        skip.add(rowName(outcome.table, outcome.sequence));
        quarantined.push(quarantinedRow(batches, outcome));
      } catch (error) {
        if (!(error instanceof HindcastError)) throw error;
        this.report(batches, error);
        skip = new Set();
        quarantined = [];
        await this.parts.wait(backOff(attempt++, retryMinMs, retryMaxMs), signal);
      }
    }
    return undefined;
  }

  /** True when a SELECT has returned the piece's last rows; false where that is no longer to be expected. */
  private async seen({ batches, skip }: Piece, signal: AbortSignal): Promise<boolean> {
    let waitedMs = 0;
    for (let poll = 0; !signal.aborted; poll++) {
      try {
        if (await this.parts.writer.areVisible(batches, { skip, streamId: this.parts.streamId })) {
          this.report(batches, undefined);
          return true;
        }
        if (poll > 0 && poll % pollsBeforeResume === 0) {
          if (await this.resume(batches)) waitedMs = 0;
          else if (waitedMs >= resendAfterMs) return false;
        }
      } catch (error) {
        if (!(error instanceof HindcastError)) throw error;
        this.report(batches, error);
        // Rows that a changed table took may have lost something; they are written over when it is as it was.
        if (schemaCodes.has(error.code)) return false;
      }
      const pauseMs = backOff(poll, visiblePollMinMs, visiblePollMaxMs);
      await this.parts.wait(pauseMs, signal);
      waitedMs += pauseMs;
    }
    return false;
  }

  /** True where a table was suspended. */
  private async resume(batches: readonly LoggedBatch[]): Promise<boolean> {
    const resumed = await this.parts.writer.resumeSuspended();
    const tables = resumed.length === 0 ? 'no table is suspended' : `resumed ${resumed.join(', ')}`;
    this.report(batches, new HindcastError('STORE_AWAY', `rows were acknowledged and are not shown yet: ${tables}`));
    return resumed.length > 0;
  }

  /** A failure to send stands until the piece is sent, one to see it until it is seen; the worst one is the status. */
  private report([{ number }]: readonly LoggedBatch[], failure: HindcastError | undefined): void {
    if (failure) this.failures.set(number, failure);
    else this.failures.delete(number);
    const status = worstOf(this.failures);
    if (status.state === this.status.state && status.detail === this.status.detail) return;
    this.status = status;
    this.parts.onStatus(status);
  }
}

/** Of failures that are equally bad, that of the oldest piece: the others wait behind it. */
function worstOf(failures: ReadonlyMap<number, HindcastError>): DrainStatus {
  const oldestFirst = [...failures].sort(([a], [b]) => a - b).map(([, failure]) => failure);
  const stopping = oldestFirst.find(({ code }) => code !== 'STORE_AWAY');
  const worst = stopping ?? oldestFirst.at(0);
  return worst ? { state: stopping ? 'stopped' : 'waiting', detail: `${worst.code}: ${worst.message}` } : running;
}

function backOff(attempt: number, minMs: number, maxMs: number): number {
  return Math.min(maxMs, minMs * 2 ** Math.min(attempt, 16));
}

function tooManyRefused(max: number, { message }: Extract<WriteOutcome, { kind: 'refused' }>): HindcastError {
  return new HindcastError(
    'STORE_REFUSED',
    `the store refused more than ${max} rows of one piece, so schema or store is wrong; last it said: ${message}`,
  );
}

/** The refused row with a batch of itself alone, so that it can be sent again when the log has long been trimmed. */
function quarantinedRow(
  batches: readonly LoggedBatch[],
  { table, sequence, message }: Extract<WriteOutcome, { kind: 'refused' }>,
): QuarantinedRow {
  const number = numberOfSequence(sequence);
  const batch = batches.find((candidate) => candidate.number === number);
  if (!batch) throw new Error(`the store refused ${table} ${String(sequence)}, which is not in the piece`);
  const alone = { ...batch, trades: emptyTrades, quotes: emptyQuotes, marks: [], rejected: [] };
  if (table === 'rejected_ticks') {
    const rejected = batch.rejected.filter(({ position }) => position === positionOfSequence(sequence));
    return { table, sequence, message, body: base64({ ...alone, rejected }) };
  }
  const columns = batch[table];
  const row = columns.sequence.indexOf(sequence);
  const only =
    table === 'trades' ? { trades: sliceTrades(batch.trades, row, row + 1) } : { quotes: sliceQuotes(batch.quotes, row, row + 1) };
  return { table, sequence, message, cell: cellOf(table, columns, row), body: base64({ ...alone, ...only }) };
}

function base64(batch: LoggedBatch): string {
  return Buffer.from(encodeLoggedBatch(batch)).toString('base64');
}
