import type { QuoteColumns, TradeColumns } from './columns.js';
import { compareQuotes, compareTrades, type RowComparison } from './identity.js';
import type { IdentityMemory } from './identity-memory.js';
import { numberOfSequence, sequenceOf, type BatchPlace, type LoggedBatch } from './tick-batch.js';

/** What admission knows of a tick before it lets it in. */
export type Verdict = 'new' | 'duplicate' | 'conflict';

/** Ticks older than the log, as a look-up in the store found them. */
export interface StoredTicks {
  trade(columns: TradeColumns, row: number, low: number, high: number): Verdict;
  quote(columns: QuoteColumns, row: number, low: number, high: number): Verdict;
}

export const nothingStored: StoredTicks = { trade: () => 'new', quote: () => 'new' };

/**
 * Settles one batch's rows against everything kept before: the memory of the log first, then what the store returned
 * for rows at or below the floor. Rows of the batch itself are remembered as they are let in, so that a tick that
 * stands twice in one request is found too; `forget` undoes that where the batch is taken back.
 */
export class KnownTicks {
  /** In columns, because an object for each row would be most of what admission leaves to the garbage collector. */
  private readonly remembered: { readonly low: Uint32Array; readonly high: Uint32Array; readonly sequence: Float64Array };
  private rememberedCount = 0;
  /** Of position 0 of the batch at hand; what came before it has lower ones, in the same batch of the log too. */
  private readonly firstSequence: number;

  constructor(
    private readonly memory: IdentityMemory,
    private readonly current: BatchPlace & { readonly trades: TradeColumns; readonly quotes: QuoteColumns },
    private readonly batchOf: (number: number, sequence: number) => Pick<LoggedBatch, 'trades' | 'quotes'>,
    private readonly stored: StoredTicks = nothingStored,
  ) {
    this.firstSequence = sequenceOf(current.number, current.firstPosition ?? 0);
    const rowsMax = current.trades.length + current.quotes.length;
    this.remembered = { low: new Uint32Array(rowsMax), high: new Uint32Array(rowsMax), sequence: new Float64Array(rowsMax) };
  }

  /** Which rows' hashes are asked for next: found together they cost a fraction of what they cost one by one. */
  expect(low: Uint32Array, from: number, to: number): void {
    this.memory.touch(low, from, to);
  }

  trade(row: number, low: number, high: number): Verdict {
    if (!this.memory.has(low, high)) return this.stored.trade(this.current.trades, row, low, high);
    const mine = { columns: this.current.trades, row };
    let found: RowComparison = 'other';
    this.memory.find(low, high, (sequence) => {
      const columns = this.rowsOf(sequence).trades;
      const theirs = rowOfSequence(columns.sequence, this.keyOf(sequence));
      if (theirs >= 0) found = compareTrades(mine, { columns, row: theirs });
      return found !== 'other';
    });
    return found === 'other' ? this.stored.trade(this.current.trades, row, low, high) : verdictOf(found);
  }

  quote(row: number, low: number, high: number): Verdict {
    if (!this.memory.has(low, high)) return this.stored.quote(this.current.quotes, row, low, high);
    const mine = { columns: this.current.quotes, row };
    let found: RowComparison = 'other';
    this.memory.find(low, high, (sequence) => {
      const columns = this.rowsOf(sequence).quotes;
      const theirs = rowOfSequence(columns.sequence, this.keyOf(sequence));
      if (theirs >= 0) found = compareQuotes(mine, { columns, row: theirs });
      return found !== 'other';
    });
    return found === 'other' ? this.stored.quote(this.current.quotes, row, low, high) : verdictOf(found);
  }

  remember(low: number, high: number, sequence: number): void {
    this.memory.insert(low, high, sequence);
    const at = this.rememberedCount++;
    this.remembered.low[at] = low;
    this.remembered.high[at] = high;
    this.remembered.sequence[at] = sequence;
  }

  /** Takes back what `remember` did. */
  forget(): void {
    const { low, high, sequence } = this.remembered;
    for (let at = 0; at < this.rememberedCount; at++) this.memory.remove(low[at], high[at], sequence[at]);
    this.rememberedCount = 0;
  }

  private rowsOf(sequence: number): Pick<LoggedBatch, 'trades' | 'quotes'> {
    return sequence >= this.firstSequence ? this.current : this.batchOf(numberOfSequence(sequence), sequence);
  }

  /** The batch at hand still has bare positions where logged ones have sequences. */
  private keyOf(sequence: number): number {
    return sequence >= this.firstSequence ? sequence - this.firstSequence : sequence;
  }
}

export function verdictOf(comparison: 'same' | 'conflict'): Verdict {
  return comparison === 'same' ? 'duplicate' : 'conflict';
}

/** Sequences ascend within a batch: a binary search, -1 where the row is of the other kind. */
function rowOfSequence(sequences: Float64Array, sequence: number): number {
  let from = 0;
  let to = sequences.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sequences[middle] < sequence) from = middle + 1;
    else to = middle;
  }
  return from < sequences.length && sequences[from] === sequence ? from : -1;
}
