import { HindcastError } from '@hindcast/contracts';
import { parseJson } from './json-text.js';
import { parseRows, requireRows, type ParseOptions, type TickRequest } from './parse-ticks.js';
import { batchRowsMax, type TickBatch } from './tick-batch.js';

/**
 * NDJSON, a tick a line, as it arrives: no more than one batch of rows is held as objects, the rest as columns. A line
 * that is no JSON refuses the request and names itself; a line that is no tick is rejected alone, as in an array. Empty
 * lines are passed over.
 */
export class NdjsonTicks {
  private readonly batches: TickBatch[] = [];
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  private rows: unknown[] = [];
  /** Bytes of a line whose end is still to come. */
  private begun = new Uint8Array(0);
  private lines = 0;

  constructor(
    private readonly request: TickRequest,
    private readonly options: ParseOptions,
  ) {}

  /** Throws BODY_INVALID, TRADE_ID_REQUIRED, BATCH_TOO_LARGE. */
  write(chunk: Uint8Array): void {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      this.line(this.begun.length === 0 ? chunk.subarray(from, end) : joined(this.begun, chunk.subarray(from, end)));
      this.begun = new Uint8Array(0);
      from = end + 1;
    }
    if (this.begun.length + chunk.length - from > lineBytesMax)
      throw new HindcastError('BODY_INVALID', `line ${this.lines + 1} is longer than ${lineBytesMax} bytes`);
    if (from < chunk.length) this.begun = joined(this.begun, chunk.subarray(from));
  }

  /** The batches of the whole request; its last line may lack its end. */
  finish(): readonly TickBatch[] {
    if (this.begun.length > 0) this.line(this.begun);
    requireRows(this.rowsSoFar, this.options);
    this.endBatch();
    return this.batches;
  }

  private get rowsSoFar(): number {
    return this.batches.length * batchRowsMax + this.rows.length;
  }

  private line(bytes: Uint8Array): void {
    this.lines++;
    if (this.lines > linesPerRowMax * this.options.rowsMax)
      throw new HindcastError(
        'BATCH_TOO_LARGE',
        `${this.lines} lines in one request; at most ${linesPerRowMax * this.options.rowsMax} are allowed`,
      );
    if (bytes.length === 0) return;
    const text = this.decoded(bytes);
    if (text.trim() === '') return;
    this.rows.push(parseJson(text, `line ${this.lines}`));
    if (this.rowsSoFar > this.options.rowsMax) requireRows(this.rowsSoFar, this.options);
    if (this.rows.length === batchRowsMax) this.endBatch();
  }

  private decoded(bytes: Uint8Array): string {
    try {
      return this.decoder.decode(bytes);
    } catch (cause) {
      throw new HindcastError('BODY_INVALID', `line ${this.lines} is not UTF-8`, { cause });
    }
  }

  private endBatch(): void {
    if (this.rows.length === 0) return;
    const from = this.batches.length * batchRowsMax;
    this.batches.push(parseRows(this.rows, { ...this.options, request: this.request, from }));
    this.rows = [];
  }
}

const newline = 0x0a;
const lineBytesMax = 1_048_576;
/** Of a thousand rows there may be as many empty lines: they cost time, and a packed body has millions of them. */
const linesPerRowMax = 2;

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
