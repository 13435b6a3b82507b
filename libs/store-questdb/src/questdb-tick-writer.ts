import { HindcastError } from '@hindcast/contracts';
import type { LoggedBatch } from '@hindcast/market';
import type { TickWriter, WriteOptions, WriteOutcome } from '@hindcast/ports';
import { IlpEncoder } from './ilp-encoder.js';
import { IlpWriter } from './ilp-writer.js';
import type { QuestDbHttp } from './questdb-http.js';
import type { QuestDbSchema } from './questdb-schema.js';
import { literal, timeLiteral } from './sql.js';
import { lastRows, rowOfLine, skipTest, type RowPlace, type RowTest, type TickTable } from './tick-tables.js';

/** Beyond this a call is sent as several requests, each of whole batches. */
export const requestBytesMax = 64 * 1024 * 1024;
/** Buffers that are kept for the next request; two, because a caller encodes one while the other is on its way. */
const spareBuffersMax = 2;
/** Stands in for the log's id where a caller names none. */
const unnamedStream = 'unnamed';

/** Rows that one question names: some kilobytes of a statement. */
const placesMax = 200;

interface Request {
  readonly body: Uint8Array;
  readonly batches: readonly LoggedBatch[];
  readonly rows: number;
}

/** Ticks into the store, over the line protocol. A row's key is made of the row itself, so that a resend changes nothing. */
export class QuestDbTickWriter implements TickWriter {
  readonly #http: QuestDbHttp;
  readonly #schema: QuestDbSchema;
  readonly #spareBuffers: Uint8Array[] = [];

  constructor(http: QuestDbHttp, schema: QuestDbSchema) {
    this.#http = http;
    this.#schema = schema;
  }

  /**
   * One request, where it is not beyond `requestBytesMax`; else several in order, and then those before a refused row
   * were written, which sending them again does not change.
   */
  async writeTicks(batches: readonly LoggedBatch[], options: WriteOptions = {}): Promise<WriteOutcome> {
    await this.#schema.require();
    const isSkipped = skipTest(options.skip);
    let rows = 0;
    for (const request of this.#requests(batches, { streamId: options.streamId ?? unnamedStream, isSkipped })) {
      const answer = await this.#http.write(request.body);
      // Not where the request failed: its bytes may still be on their way.
      this.#giveBack(request.body);
      if (answer.kind === 'refused') {
        // The schema's fault is not the row's.
        await this.#schema.verify();
        return refusal(request.batches, answer, isSkipped);
      }
      rows += request.rows;
    }
    return { kind: 'written', rows };
  }

  async areVisible(batches: readonly LoggedBatch[], { skip, streamId = unnamedStream }: WriteOptions = {}): Promise<boolean> {
    for (const [table, places] of lastRows(batches, skipTest(skip))) {
      for (let from = 0; from < places.length; from += placesMax) {
        const some = places.slice(from, from + placesMax);
        const [[count]] = await this.#http.query(countSql(table, some, streamId));
        if (count !== some.length) return false;
      }
    }
    await this.#schema.verify();
    return true;
  }

  async resumeSuspended(): Promise<readonly string[]> {
    const suspended = await this.#http.query('SELECT table_name, matView FROM tables() WHERE table_suspended');
    for (const [name, isView] of suspended) {
      await this.#http.query(`ALTER ${isView === true ? 'MATERIALIZED VIEW' : 'TABLE'} ${literal(String(name))} RESUME WAL`);
    }
    return suspended.map(([name]) => String(name));
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

function countSql(table: TickTable, places: readonly RowPlace[], streamId: string): string {
  const times = [...new Set(places.map(({ timeUs }) => timeLiteral(timeUs)))].join(', ');
  const sequences = places.map(({ sequence }) => literal(sequence)).join(', ');
  const key = table === 'rejected_ticks' ? `received_at IN (${times}) AND stream_id = ${literal(streamId)}` : `timestamp IN (${times})`;
  // Each counts once: where a table's DEDUP UPSERT KEYS were taken off, a resent row is there twice, and is visible.
  return `SELECT count_distinct(sequence) FROM ${table} WHERE ${key} AND sequence IN (${sequences})`;
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
