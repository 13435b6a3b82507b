import type { QuoteColumns, TradeColumns } from './columns.js';
import { compareQuotes, compareTrades, type RowComparison } from './identity.js';
import type { IdentityMemory } from './identity-memory.js';
import { numberOfSequence, type LoggedBatch } from './tick-batch.js';

/** What admission knows of a tick before it lets it in. */
export type Verdict = 'new' | 'duplicate' | 'conflict';

/** Ticks older than the log, as a look-up in the store found them. */
export interface StoredTicks {
  trade(columns: TradeColumns, row: number, low: number, high: number): Verdict;
  quote(columns: QuoteColumns, row: number, low: number, high: number): Verdict;
}

export const nothingStored: StoredTicks = { trade: () => 'new', quote: () => 'new' };

export interface Remembered {
  readonly low: number;
  readonly high: number;
  readonly sequence: number;
}

/**
 * Settles one batch's rows against everything kept before: the memory of the log first, then what the store returned
 * for rows at or below the floor. Rows of the batch itself are remembered as they are let in, so that a tick that
 * stands twice in one request is found too; `remembered` lists them for the case that the batch is taken back.
 */
export class KnownTicks {
  readonly remembered: Remembered[] = [];

  constructor(
    private readonly memory: IdentityMemory,
    private readonly current: { readonly number: number; readonly trades: TradeColumns; readonly quotes: QuoteColumns },
    private readonly batchOf: (number: number) => Pick<LoggedBatch, 'trades' | 'quotes'>,
    private readonly stored: StoredTicks = nothingStored,
  ) {}

  trade(row: number, low: number, high: number): Verdict {
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
    this.remembered.push({ low, high, sequence });
  }

  private rowsOf(sequence: number): Pick<LoggedBatch, 'trades' | 'quotes'> {
    const number = numberOfSequence(sequence);
    return number === this.current.number ? this.current : this.batchOf(number);
  }

  /** The batch at hand still has bare positions where logged ones have sequences. */
  private keyOf(sequence: number): number {
    return numberOfSequence(sequence) === this.current.number ? sequence % 65_536 : sequence;
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
