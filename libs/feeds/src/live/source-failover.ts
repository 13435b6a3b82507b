export interface SourceFailoverOptions {
  /** Sources in the order of preference. */
  readonly count: number;
  /** A source that does not answer for so long is stood in for by the next one. */
  readonly failoverUs: number;
  /** A better source has answered for so long without a break before it is gone back to. */
  readonly fallbackUs: number;
}

/**
 * Which of several sources a symbol is read from. Better sources than the active one go on being tried; worse ones are not
 * connected at all until they are needed. Times are given, so that it is a function of what was told.
 */
export class SourceFailover {
  failovers = 0;
  private activeIndex: number | undefined;
  private lastActive: number | undefined;
  /** How far down the list sources are tried. */
  private wantedCount = 1;
  private triedSinceUs: number;
  private readonly upSinceUs: (number | undefined)[];
  private readonly isUseless: boolean[];

  constructor(
    private readonly options: SourceFailoverOptions,
    nowUs: number,
  ) {
    this.upSinceUs = Array.from({ length: options.count }, () => undefined);
    this.isUseless = Array.from({ length: options.count }, () => false);
    this.triedSinceUs = nowUs;
  }

  get active(): number | undefined {
    return this.activeIndex;
  }

  /** No source knows the symbol. */
  get isHopeless(): boolean {
    return this.isUseless.every(Boolean);
  }

  isWanted(index: number): boolean {
    return index < this.wantedCount && !this.isUseless[index];
  }

  /** A source answers, or no longer does. */
  heard(index: number, isUp: boolean, nowUs: number): void {
    if (isUp) this.upSinceUs[index] ??= nowUs;
    else this.upSinceUs[index] = undefined;
    this.decide(nowUs);
  }

  /** A source does not know the symbol, and will not. */
  useless(index: number, nowUs: number): void {
    this.isUseless[index] = true;
    this.heard(index, false, nowUs);
  }

  /** To be called now and then: time alone changes things too. */
  decide(nowUs: number): void {
    const { fallbackUs } = this.options;
    const before = this.activeIndex;
    const best = this.upSinceUs.findIndex((upUs, index) => upUs !== undefined && this.isWanted(index));
    const activeUp = before !== undefined && this.upSinceUs[before] !== undefined;
    if (best < 0) this.activeIndex = undefined;
    else if (!activeUp || nowUs >= (this.upSinceUs[best] ?? nowUs) + fallbackUs) this.activeIndex = best;
    if (this.activeIndex !== undefined && this.activeIndex !== before) this.became(this.activeIndex);
    if (this.activeIndex === undefined) this.widen(before, nowUs);
  }

  private became(index: number): void {
    this.failovers += this.lastActive === undefined || this.lastActive === index ? 0 : 1;
    this.lastActive = index;
    // Those below it are let go.
    this.wantedCount = index + 1;
    this.upSinceUs.fill(undefined, this.wantedCount);
  }

  /** Nobody answers: after a while, the next one is tried as well. */
  private widen(before: number | undefined, nowUs: number): void {
    const { count, failoverUs } = this.options;
    if (before !== undefined) this.triedSinceUs = nowUs;
    const isUselessAll = !this.upSinceUs.some((_, index) => this.isWanted(index));
    if (this.wantedCount >= count || (nowUs < this.triedSinceUs + failoverUs && !isUselessAll)) return;
    this.wantedCount++;
    this.triedSinceUs = nowUs;
  }
}
