import type { GapCounts } from '../feed.js';
import type { LiveTrade } from './live-ticks.js';

export interface TradeSequenceOptions {
  /** Whether the ids of a symbol count through, so that a hole in them is a trade that is missing. */
  readonly isCounted: boolean;
  /** Trades are held back this long at most while what came before them is asked for. */
  readonly holdUs: number;
  readonly heldMax: number;
}

/** What is to be asked of the source's REST interface: the trades after one, up to a number where it is known. */
export interface GapQuestion {
  /** The newest trade before the hole. */
  readonly after: LiveTrade;
  /** The first and last number that are missing; undefined where ids do not count, or nothing came after the hole yet. */
  readonly fromNumber?: number | undefined;
  readonly throughNumber?: number | undefined;
}

/** What comes out of order by itself, comes within this time. */
const reorderUs = 200_000;
/** After a reconnect the subscription must stand before history is asked for, or a hole is left between the two. */
const joinAfterUs = 1_000_000;
const askAgainUs = 1_000_000;
/** A number so far behind was not sent late: the source counts anew, or the newest number was none. */
const countsAnewBehind = 1_000_000;
/** Newest ids to find the place in history by, where ids do not count. */
const recentMax = 256;

interface Held {
  readonly trade: LiveTrade;
  readonly sinceUs: number;
}

/**
 * Trades of one symbol in the order of the source's ids, whatever a socket does to them. Where a trade is missing, those
 * after it are held back until it was asked for and came; after `holdUs`, or with more than `heldMax` of them, they go on
 * without it, and the gap counts as lost. A trade that comes twice goes on at once: admission knows it.
 */
export class TradeSequence {
  private newest: LiveTrade | undefined;
  private held: Held[] = [];
  /** Since when it is unknown what happened while there was no connection. */
  private joiningUs: number | undefined;
  private askedUs: number | undefined;
  private isAsking = false;
  /** The hole before the first held trade was counted as found. */
  private isGapOpen = false;
  private found = 0;
  private filled = 0;
  private lost = 0;
  private recent: string[] = [];

  constructor(private readonly options: TradeSequenceOptions) {}

  /** Goes on after a trade of an earlier run. */
  resume({ id, timeUs }: Pick<LiveTrade, 'id' | 'timeUs'>): void {
    const number = this.options.isCounted ? Number(id) : NaN;
    this.newest = { id, number, firstNumber: number, timeUs, price: NaN, size: NaN, side: 0, exchange: '', conditions: '' };
    this.recent = [id];
  }

  get last(): LiveTrade | undefined {
    return this.newest;
  }

  /** While true, something at or before the newest trade may still come. */
  get isHolding(): boolean {
    return this.held.length > 0 || this.joiningUs !== undefined;
  }

  get counts(): GapCounts {
    const { found, filled, lost } = this;
    return { found, filled, lost };
  }

  /** There is a connection again: what happened meanwhile is to be asked for. */
  reconnected(nowUs: number): void {
    if (this.newest === undefined) return;
    this.joiningUs = nowUs;
    this.askedUs = nowUs + joinAfterUs - askAgainUs;
  }

  /** Trades as they came from the socket; what may go on now, in order. */
  offer(trades: readonly LiveTrade[], nowUs: number): readonly LiveTrade[] {
    if (this.options.isCounted) return this.offerCounted(trades, nowUs);
    if (this.joiningUs === undefined) return this.release(trades);
    for (const trade of trades) this.held.push({ trade, sinceUs: nowUs });
    return this.expire(nowUs);
  }

  /** What should be asked now; undefined while there is nothing to ask, or an answer is awaited. */
  question(nowUs: number): GapQuestion | undefined {
    const { newest: after, held } = this;
    if (after === undefined || this.isAsking || (this.askedUs !== undefined && nowUs < this.askedUs + askAgainUs)) return undefined;
    const isHole = this.isGapOpen && nowUs >= held[0].sinceUs + reorderUs;
    if (!isHole && this.joiningUs === undefined) return undefined;
    this.isAsking = true;
    this.askedUs = nowUs;
    if (!this.options.isCounted) return { after };
    const throughNumber = this.isGapOpen ? held[0].trade.firstNumber - 1 : undefined;
    return { after, fromNumber: after.number + 1, throughNumber };
  }

  /** The answer to the last question, oldest trade first; null where there was none. What may go on now, in order. */
  answer(trades: readonly LiveTrade[] | null, nowUs: number): readonly LiveTrade[] {
    this.isAsking = false;
    if (trades === null || this.newest === undefined) return [];
    if (!this.options.isCounted) return this.join(trades);
    // What an aggregate that is held stands for must not come a second time, trade by trade.
    const isMissing = ({ number }: LiveTrade): boolean =>
      number > (this.newest?.number ?? 0) && !this.held.some(({ trade }) => trade.firstNumber <= number && number <= trade.number);
    const missing = trades.filter(isMissing);
    // What happened between two connections is a gap too, although nothing came yet to show it.
    const showsGap = this.joiningUs !== undefined && !this.isGapOpen && missing.length > 0;
    this.found += showsGap ? 1 : 0;
    this.filled += showsGap ? 1 : 0;
    this.joiningUs = undefined;
    return this.offerCounted(missing, nowUs);
  }

  /** Gives up what was waited for too long; what goes on without it. */
  expire(nowUs: number): readonly LiveTrade[] {
    const { holdUs, heldMax, isCounted } = this.options;
    const released: LiveTrade[] = [];
    const joiningTooLong = this.joiningUs !== undefined && nowUs >= this.joiningUs + holdUs;
    if (!isCounted) {
      if (this.joiningUs === undefined || (!joiningTooLong && this.held.length <= heldMax)) return released;
      this.found++;
      this.lost++;
      return this.releaseHeld();
    }
    if (joiningTooLong) this.joiningUs = undefined;
    while (this.held.length > 0 && (nowUs >= this.held[0].sinceUs + holdUs || this.held.length > heldMax)) {
      this.lost++;
      this.isGapOpen = false;
      released.push(...this.releaseRun());
    }
    return released;
  }

  private offerCounted(trades: readonly LiveTrade[], nowUs: number): readonly LiveTrade[] {
    const released: LiveTrade[] = [];
    for (const trade of [...trades].sort((one, other) => one.number - other.number)) {
      const { newest } = this;
      if (newest === undefined || trade.firstNumber <= newest.number + 1) {
        released.push(trade);
        if (newest === undefined || trade.number > newest.number || trade.number < newest.number - countsAnewBehind) this.remember(trade);
      } else {
        this.hold(trade, nowUs);
      }
    }
    if (this.held.length > 0 && this.isNext(this.held[0].trade)) {
      this.filled++;
      this.isGapOpen = false;
      released.push(...this.releaseRun());
    }
    if (this.held.length > 0 && !this.isGapOpen) this.openGap();
    return [...released, ...this.expire(nowUs)];
  }

  private isNext({ firstNumber }: LiveTrade): boolean {
    return firstNumber <= (this.newest?.number ?? 0) + 1;
  }

  private openGap(): void {
    this.isGapOpen = true;
    this.found++;
  }

  /** Held trades up to the next hole. */
  private releaseRun(): readonly LiveTrade[] {
    let count = 0;
    do this.remember(this.held[count++].trade);
    while (count < this.held.length && this.isNext(this.held[count].trade));
    const released = this.held.splice(0, count).map(({ trade }) => trade);
    if (this.held.length > 0) this.openGap();
    return released;
  }

  /** Sorted by number; one that is held already is not held twice. */
  private hold(trade: LiveTrade, sinceUs: number): void {
    let at = this.held.length;
    while (at > 0 && this.held[at - 1].trade.number > trade.number) at--;
    if (at > 0 && this.held[at - 1].trade.number === trade.number) return;
    // The hole before it is as old as anything that is held behind it.
    const holeUs = at < this.held.length ? Math.min(sinceUs, this.held[at].sinceUs) : sinceUs;
    this.held.splice(at, 0, { trade, sinceUs: holeUs });
  }

  /** History and what was held, where ids do not count: the place is found by ids that went on before. */
  private join(history: readonly LiveTrade[]): readonly LiveTrade[] {
    const known = new Set(this.recent);
    const place = history.findLastIndex(({ id }) => known.has(id));
    const newestUs = this.newest?.timeUs ?? 0;
    const missed = place >= 0 ? history.slice(place + 1) : history.filter(({ timeUs }) => timeUs >= newestUs);
    const held = new Set(this.held.map(({ trade }) => trade.id));
    if (place < 0) {
      this.found++;
      this.lost++;
    } else if (missed.some(({ id }) => !held.has(id))) {
      this.found++;
      this.filled++;
    }
    const inHistory = new Set(missed.map(({ id }) => id));
    this.held = this.held.filter(({ trade }) => !inHistory.has(trade.id));
    return [...this.release(missed), ...this.releaseHeld()];
  }

  private releaseHeld(): readonly LiveTrade[] {
    this.joiningUs = undefined;
    return this.release(this.held.splice(0).map(({ trade }) => trade));
  }

  private release(trades: readonly LiveTrade[]): readonly LiveTrade[] {
    for (const trade of trades) this.remember(trade);
    return trades;
  }

  private remember(trade: LiveTrade): void {
    this.newest = trade;
    if (this.options.isCounted) return;
    this.recent.push(trade.id);
    if (this.recent.length > 2 * recentMax) this.recent = this.recent.slice(-recentMax);
  }
}
