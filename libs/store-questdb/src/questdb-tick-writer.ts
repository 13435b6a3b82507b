import { HindcastError } from '@hindcast/contracts';
import type { LoggedBatch } from '@hindcast/market';
import type { TickWriter, WriteOptions, WriteOutcome } from '@hindcast/ports';
import { IlpEncoder } from './ilp-encoder.js';
import { IlpWriter } from './ilp-writer.js';
import type { QuestDbHttp } from './questdb-http.js';
import { literal, timeLiteral } from './sql.js';
import { newestRows, rowOfLine, skipTest, type RowTest } from './tick-tables.js';

/** Beyond this a call is sent as several requests, each of whole batches. */
export const requestBytesMax = 64 * 1024 * 1024;
/** Buffers that are kept for the next request; two, because a caller encodes one while the other is on its way. */
const spareBuffersMax = 2;
/** Stands in for the log's id where a caller names none. */
const unnamedStream = 'unnamed';

interface Request {
  readonly body: Uint8Array;
  readonly batches: readonly LoggedBatch[];
  readonly rows: number;
}

/** Ticks into the store, over the line protocol. A row's key is made of the row itself, so that a resend changes nothing. */
export class QuestDbTickWriter implements TickWriter {
  readonly #http: QuestDbHttp;
  readonly #spareBuffers: Uint8Array[] = [];

  constructor(http: QuestDbHttp) {
    this.#http = http;
  }

  /**
   * One request, where it is not beyond `requestBytesMax`; else several in order, and then those before a refused row
   * were written, which sending them again does not change.
   */
  async writeTicks(batches: readonly LoggedBatch[], options: WriteOptions = {}): Promise<WriteOutcome> {
    const isSkipped = skipTest(options.skip);
    let rows = 0;
    for (const request of this.#requests(batches, { streamId: options.streamId ?? unnamedStream, isSkipped })) {
      const answer = await this.#http.write(request.body);
      // Not where the request failed: its bytes may still be on their way.
      this.#giveBack(request.body);
      if (answer.kind === 'refused') return refusal(request.batches, answer, isSkipped);
      rows += request.rows;
    }
    return { kind: 'written', rows };
  }

  async areVisible(batches: readonly LoggedBatch[], options: WriteOptions = {}): Promise<boolean> {
    const streamId = options.streamId ?? unnamedStream;
    const selects = [...newestRows(batches, skipTest(options.skip))].map(([table, { batch, row, sequence }]) => {
      if (table === 'rejected_ticks') {
        const key = `received_at = ${timeLiteral(batch.receivedAtUs)} AND stream_id = ${literal(streamId)}`;
        return `SELECT count() FROM rejected_ticks WHERE ${key} AND sequence = ${literal(sequence)}`;
      }
      const time = timeLiteral(batch[table].timeUs[row]);
      return `SELECT count() FROM ${table} WHERE timestamp = ${time} AND sequence = ${literal(sequence)}`;
    });
    if (selects.length === 0) return true;
    const counts = await this.#http.query(selects.join(' UNION ALL '));
    return counts.every(([count]) => count === 1);
  }

  async resumeSuspended(): Promise<readonly string[]> {
    const suspended = await this.#http.query('SELECT name FROM wal_tables() WHERE suspended');
    const names = suspended.map(([name]) => String(name));
    for (const name of names) await this.#http.query(`ALTER TABLE ${literal(name)} RESUME WAL`);
    return names;
  }

  *#requests(batches: readonly LoggedBatch[], options: { readonly streamId: string; readonly isSkipped?: RowTest }): Generator<Request> {
    let encoder = this.#encoder();
    let held: LoggedBatch[] = [];
    for (const batch of batches) {
      encoder.batch(batch, options);
      held.push(batch);
      if (encoder.length < requestBytesMax) continue;
      yield { body: encoder.body(), batches: held, rows: encoder.rows };
      encoder = this.#encoder();
      held = [];
    }
    if (encoder.rows > 0) yield { body: encoder.body(), batches: held, rows: encoder.rows };
  }

  #encoder(): IlpEncoder {
    return new IlpEncoder(new IlpWriter(this.#spareBuffers.pop()));
  }

  #giveBack(body: Uint8Array): void {
    if (this.#spareBuffers.length >= spareBuffersMax || body.buffer.byteLength > 2 * requestBytesMax) return;
    this.#spareBuffers.push(new Uint8Array(body.buffer));
  }
}

function refusal(
  batches: readonly LoggedBatch[],
  { line, message }: { readonly line: number | undefined; readonly message: string },
  isSkipped: RowTest | undefined,
): WriteOutcome {
  const row = line === undefined ? undefined : rowOfLine(batches, line, isSkipped);
  if (row === undefined) throw new HindcastError('STORE_REFUSED', `QuestDB refused a request without naming a row of it: ${message}`);
  return { kind: 'refused', ...row, message };
}
