import type { TickKind } from '@hindcast/contracts';
import type { TradeDay } from '@hindcast/log-grpc';
import type { CodedColumn, TickBatch } from '@hindcast/market';

export interface Outcome {
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly late: number;
  readonly tradeDays: readonly TradeDay[];
}

/** What was sent and what became of it, by the acknowledgements alone: feeds may send the same instruments meanwhile. */
export interface SendCounts extends Omit<Outcome, 'tradeDays'> {
  readonly received: number;
  readonly unreadable: number;
  readonly bySymbol: readonly SymbolCounts[];
}

/** An acknowledgement says what became of its batch and not of each symbol, so no more is told of one than what was sent. */
export interface SymbolCounts {
  readonly symbol: string;
  readonly kind: TickKind;
  readonly received: number;
}

/** Days of an instrument of which every trade that was new in this run came after its bar had closed. */
export interface LateDays {
  readonly symbols: readonly string[];
  /** UTC days, both included. */
  readonly fromDay: string;
  readonly toDay: string;
}

/** Adds up acknowledgements while a replay runs. */
export class SendTally {
  received = 0;
  private accepted = 0;
  private duplicate = 0;
  private rejected = 0;
  private late = 0;
  private unreadable = 0;
  private readonly receivedOf = new Map<string, number>();
  private readonly days = new Map<string, TradeDay>();

  add(batch: TickBatch, ack: Outcome): void {
    const { trades, quotes, rejected } = batch;
    this.received += trades.length + quotes.length + rejected.length;
    this.unreadable += rejected.length;
    this.accepted += ack.accepted;
    this.duplicate += ack.duplicate;
    this.rejected += ack.rejected;
    this.late += ack.late;
    for (const day of ack.tradeDays) this.addDay(day);
    this.countSymbols('trades', trades);
    this.countSymbols('quotes', quotes);
  }

  counts(): SendCounts {
    const { received, accepted, duplicate, rejected, late, unreadable } = this;
    const bySymbol = [...this.receivedOf].map(([name, rows]): SymbolCounts => {
      const [kind, symbol] = name.split(' ') as [TickKind, string];
      return { symbol, kind, received: rows };
    });
    return { received, accepted, duplicate, rejected, late, unreadable, bySymbol: bySymbol.toSorted(bySymbolAndKind) };
  }

  /** Days that came late as a whole; undefined where none did. */
  lateDays(): LateDays | undefined {
    const whole = [...this.days.values()].filter(({ accepted, late }) => late > 0 && late === accepted);
    if (whole.length === 0) return undefined;
    const days = whole.map(({ day }) => day).toSorted();
    return { symbols: [...new Set(whole.map(({ symbol }) => symbol))].toSorted(), fromDay: days[0], toDay: days[days.length - 1] };
  }

  private addDay(counts: TradeDay): void {
    const { market, symbol, day, accepted, late } = counts;
    const name = [market, symbol, day].join(' ');
    const before = this.days.get(name);
    this.days.set(name, { ...counts, accepted: accepted + (before?.accepted ?? 0), late: late + (before?.late ?? 0) });
  }

  private countSymbols(kind: TickKind, { length, symbol }: { readonly length: number; readonly symbol: CodedColumn }): void {
    const rows = new Array<number>(symbol.values.length).fill(0);
    for (let row = 0; row < length; row++) rows[symbol.codes[row]]++;
    symbol.values.forEach((word, code) => {
      if (rows[code] > 0) increase(this.receivedOf, cellName(kind, word), rows[code]);
    });
  }
}

function cellName(kind: TickKind, symbol: string): string {
  return `${kind} ${symbol}`;
}

function increase(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

function bySymbolAndKind(one: SymbolCounts, other: SymbolCounts): number {
  const [left, right] = [`${one.symbol} ${other.kind}`, `${other.symbol} ${one.kind}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
