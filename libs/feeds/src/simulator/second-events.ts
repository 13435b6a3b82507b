/** What one trade says beside its symbol and time. */
export interface TradeEvent {
  readonly price: number;
  readonly size: number;
  /** A `sideCodes` value. */
  readonly side: number;
}

export interface QuoteEvent {
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
}

const firstCapacity = 1_024;
/** Keys hold an event's place among those of its second in their lowest bits. */
const placeBits = 24;
export const eventsPerSecondMax = 2 ** placeBits;
const quoteFirst = 2 ** placeBits;
const timeUnit = 2 * quoteFirst;

/**
 * The events of one second, of all symbols, in columns that are written anew for each second. After `sort` they stand in
 * the order of feeds: time, quotes before trades, symbol.
 */
export class SecondEvents {
  length = 0;
  place = new Uint16Array(firstCapacity);
  timeUs = new Float64Array(firstCapacity);
  /** 1 for a trade. */
  isTrade = new Uint8Array(firstCapacity);
  /** Price or bid, size or its size, side or ask, the ask's size. */
  first = new Float64Array(firstCapacity);
  firstSize = new Float64Array(firstCapacity);
  second = new Float64Array(firstCapacity);
  secondSize = new Float64Array(firstCapacity);
  private keys = new Float64Array(firstCapacity);

  constructor(private startUs = 0) {}

  start(startUs: number): void {
    this.startUs = startUs;
    this.length = 0;
  }

  addTrade(place: number, timeUs: number, { price, size, side }: TradeEvent): void {
    const at = this.add(place, timeUs);
    this.isTrade[at] = 1;
    this.first[at] = price;
    this.firstSize[at] = size;
    this.second[at] = side;
    this.keys[at] = (timeUs - this.startUs) * timeUnit + quoteFirst + at;
  }

  addQuote(place: number, timeUs: number, { bid, bidSize, ask, askSize }: QuoteEvent): void {
    const at = this.add(place, timeUs);
    this.isTrade[at] = 0;
    this.first[at] = bid;
    this.firstSize[at] = bidSize;
    this.second[at] = ask;
    this.secondSize[at] = askSize;
    this.keys[at] = (timeUs - this.startUs) * timeUnit + at;
  }

  /** Symbols were added one after another, so what stands first of one time is of the symbol that comes first. */
  sort(): void {
    this.keys.subarray(0, this.length).sort();
  }

  /** Where the event stands that is this many-th in the order. */
  at(rank: number): number {
    return this.keys[rank] % eventsPerSecondMax;
  }

  private add(place: number, timeUs: number): number {
    if (this.length === this.timeUs.length) this.grow();
    const at = this.length++;
    this.place[at] = place;
    this.timeUs[at] = timeUs;
    return at;
  }

  private grow(): void {
    const capacity = 2 * this.timeUs.length;
    this.place = copied(this.place, new Uint16Array(capacity));
    this.isTrade = copied(this.isTrade, new Uint8Array(capacity));
    const doubles = (column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => copied(column, new Float64Array(capacity));
    this.timeUs = doubles(this.timeUs);
    this.first = doubles(this.first);
    this.firstSize = doubles(this.firstSize);
    this.second = doubles(this.second);
    this.secondSize = doubles(this.secondSize);
    this.keys = doubles(this.keys);
  }
}

function copied<Column extends Float64Array | Uint16Array | Uint8Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
