import { hourUs, minuteUs } from '@hindcast/contracts';
import { hourBars, type Session } from '@hindcast/market';
import { returnMin, type PhysicsState } from '@hindcast/physics';
import { componentIndex, signatureSize } from './components.js';
import { HourSums } from './hour-sums.js';
import type { SecondsFold, SessionBeginning, TradedSecond } from './session-seconds.js';
import { VolatilityChanges } from './volatility-changes.js';

const { abs, log, max, min, sqrt } = Math;

/** Returns of the realised variance: ten seconds, taken every second, each counting a tenth. */
const returnSeconds = 10;
/** A session has a signature after this many seconds: a shorter hour is no measure of anything. */
export const signatureSecondsMin = 900;
/** Added to ratios before the logarithm is taken, so that silence has a value. */
const ratioFloor = 0.01;
const priceSlots = 2_048;

/** The best quotes of one second. */
export interface SecondQuote {
  /** (ask - bid) / middle. */
  readonly relativeSpread: number;
  /** (bid size - ask size) / (bid size + ask size). */
  readonly sizeImbalance: number;
}

/** Beyond the bars: what the signature takes where it is there. */
export interface SignatureExtras {
  readonly quote?: SecondQuote;
  readonly state?: Pick<PhysicsState, 'friction' | 'entropy' | 'nashDistance' | 'alphaCoefficient'>;
}

/** The instrument's own level, which a scale-free signature leaves out and a forecast puts back. */
export interface InstrumentLevel {
  /** ln of the hour's volatility a square-root second. */
  readonly logVolatility: number;
  /** The hour's volume a second. */
  readonly volumeRate: number;
}

/**
 * `signature.v1` of one instrument, kept up second by second: what a second costs does not depend on any window, and
 * neither does the memory (about 200 KB, 64 more with quotes). The same seconds give the same bits.
 */
export class SignatureFold implements SecondsFold {
  readonly #variance = new HourSums();
  readonly #fineVariance = new HourSums();
  readonly #minuteVariance = new HourSums();
  readonly #volume = new HourSums();
  readonly #signedVolume = new HourSums();
  readonly #trades = new HourSums();
  readonly #volatilityChanges = new VolatilityChanges();
  /** Log-prices by index modulo `priceSlots`, for returns of up to half an hour. */
  readonly #logPrices = new Float64Array(priceSlots);
  #spreads: { readonly sum: HourSums; readonly count: HourSums } | undefined;
  #quote: SecondQuote | undefined;
  #session: Session | undefined;
  /** Of the newest second, -1 before the first. */
  #index = -1;
  /** Seconds of the session so far, from its first trade. */
  #daySeconds = 0;
  #endUs = -Infinity;
  /** Variance a second of the session before; NaN where nothing traded in it, or it was not folded. */
  #yesterday = NaN;

  /** The end of the newest second. */
  get endUs(): number {
    return this.#endUs;
  }

  /** True where a signature can be read: enough seconds, in a session, and a price that has moved within the hour. */
  get isReady(): boolean {
    return this.#session !== undefined && this.#index + 1 >= signatureSecondsMin && this.#hourVariance() > 0 && this.#hourRate() > 0;
  }

  openSession(session: Session, { follows, isNext }: SessionBeginning): void {
    this.#session = session;
    if (!isNext) this.#yesterday = NaN;
    this.#daySeconds = 0;
    if (follows) {
      for (const sums of this.#allSums()) sums.startDay();
      return;
    }
    this.#index = -1;
    this.#volatilityChanges.clear();
    for (const sums of this.#allSums()) sums.clear();
    this.#spreads = undefined;
  }

  /** The quote that stands at the end of the next second; undefined where there is none. */
  setQuote(quote: SecondQuote | undefined): void {
    this.#quote = quote;
  }

  second({ endUs, price, volume, signedVolume, trades }: TradedSecond): void {
    const index = this.#index + 1;
    const logPrice = log(price);
    this.#index = index;
    this.#daySeconds += 1;
    this.#endUs = endUs;
    this.#logPrices[index & (priceSlots - 1)] = logPrice;
    const place = { index, beginsHour: (endUs - 1_000_000) % hourUs === 0 && index > 0 };
    const coarse = this.#returnOver(returnSeconds);
    const fine = this.#returnOver(1);
    this.#variance.push((coarse * coarse) / returnSeconds, place);
    this.#fineVariance.push(fine * fine, place);
    const minutes = this.#returnOver(60);
    this.#minuteVariance.push((minutes * minutes) / 60, place);
    this.#volume.push(volume, place);
    this.#signedVolume.push(signedVolume, place);
    this.#trades.push(trades, place);
    this.#pushSpread(place);
    if (endUs % minuteUs === 0 && index + 1 >= 300) {
      const variance = this.#variance.last(300, index);
      if (variance > 0) this.#volatilityChanges.push(endUs / minuteUs, 0.5 * log(variance));
    }
  }

  closeSession(): void {
    // Its last second is a state too; what follows, or does not, is decided when the next session opens.
    this.#yesterday = this.#variance.day() / this.#daySeconds;
  }

  level(): InstrumentLevel {
    const seconds = min(hourBars, this.#index + 1);
    return { logVolatility: 0.5 * log(this.#hourVariance() / seconds), volumeRate: this.#volume.last(hourBars, this.#index) / seconds };
  }

  /**
   * Writes the signature at the newest second into `into[at..at + signatureSize)` and returns its mask: bit i is set where
   * component i has no value, and 0 is written there. Only where `isReady`.
   */
  read(into: Float32Array, at: number, { state, quote = this.#quote }: SignatureExtras = {}): number {
    const values = into.subarray(at, at + signatureSize);
    values.fill(NaN);
    this.#readVolatility(values);
    this.#readActivity(values);
    this.#readMoves(values);
    if (quote !== undefined) this.#readQuote(values, quote);
    if (state !== undefined) readState(values, state);
    this.#readTime(values);
    let mask = 0;
    for (let i = 0; i < signatureSize; i += 1) {
      if (Number.isFinite(values[i])) continue;
      mask |= 1 << i;
      values[i] = 0;
    }
    return mask;
  }

  #readVolatility(values: Float32Array): void {
    const hour = this.#hourVariance() / this.#hourSeconds();
    const day = this.#variance.day() / this.#daySeconds;
    for (let i = 0; i < volatilityWindows.length; i += 1)
      values[i] = 0.5 * logRatio(this.#rate(this.#variance, volatilityWindows[i]), hour);
    values[places.volatilityDay] = 0.5 * logRatio(day, hour);
    values[places.volatilityYesterday] = 0.5 * logRatio(this.#yesterday, hour);
    values[places.volatilityOfVolatility] = this.#volatilityChanges.logSpread();
    values[places.noiseRatio] = 0.5 * log(this.#rate(this.#fineVariance, hourBars) / hour);
    values[places.varianceRatio] = 0.5 * log(this.#rate(this.#minuteVariance, hourBars) / hour);
  }

  #readActivity(values: Float32Array): void {
    const volume = this.#rate(this.#volume, hourBars);
    const trades = this.#rate(this.#trades, hourBars);
    for (let i = 0; i < 3; i += 1) values[places.volume + i] = logRatio(this.#rate(this.#volume, volatilityWindows[i]), volume);
    for (let i = 0; i < 2; i += 1) values[places.trades + i] = logRatio(this.#rate(this.#trades, volatilityWindows[i]), trades);
    const recent = this.#volume.last(300, this.#index);
    // Sums are differences of larger ones: a silence leaves their rounding, which is no volume.
    values[places.imbalance] = recent > volume * 1e-9 ? max(-1, min(1, this.#signedVolume.last(300, this.#index) / recent)) : NaN;
  }

  #readMoves(values: Float32Array): void {
    const deviation = sqrt(this.#hourVariance() / this.#hourSeconds());
    for (let i = 0; i < moveWindows.length; i += 1) {
      const seconds = min(moveWindows[i], this.#index);
      values[places.returns + i] = this.#returnOver(seconds) / (deviation * sqrt(seconds));
    }
  }

  #readQuote(values: Float32Array, { sizeImbalance }: SecondQuote): void {
    values[places.quoteImbalance] = sizeImbalance;
    if (this.#spreads === undefined) return;
    const { sum, count } = this.#spreads;
    const recent = sum.last(60, this.#index) / count.last(60, this.#index);
    values[places.spread] = log(recent / (sum.last(hourBars, this.#index) / count.last(hourBars, this.#index)));
  }

  #readTime(values: Float32Array): void {
    if (this.#session === undefined) return;
    const { openUs, closeUs } = this.#session;
    const passed = (this.#endUs - openUs) / (closeUs - openUs);
    values[places.progress] = passed;
    values[places.arch] = 4 * passed * (1 - passed);
  }

  #pushSpread(place: { readonly index: number; readonly beginsHour: boolean }): void {
    const quote = this.#quote;
    if (quote === undefined && this.#spreads === undefined) return;
    this.#spreads ??= { sum: new HourSums(), count: new HourSums() };
    this.#spreads.sum.push(quote?.relativeSpread ?? 0, place);
    this.#spreads.count.push(quote === undefined ? 0 : 1, place);
  }

  #returnOver(seconds: number): number {
    const from = max(0, this.#index - seconds);
    const value = this.#logPrices[this.#index & (priceSlots - 1)] - this.#logPrices[from & (priceSlots - 1)];
    return abs(value) < returnMin ? 0 : value;
  }

  #hourSeconds(): number {
    return min(hourBars, this.#index + 1);
  }

  #hourVariance(): number {
    return this.#variance.last(hourBars, this.#index);
  }

  #hourRate(): number {
    return this.#trades.last(hourBars, this.#index);
  }

  #rate(sums: HourSums, window: number): number {
    return sums.last(window, this.#index) / min(window, this.#index + 1);
  }

  #allSums(): readonly HourSums[] {
    return [this.#variance, this.#fineVariance, this.#minuteVariance, this.#volume, this.#signedVolume, this.#trades];
  }
}

/** Seconds. */
const volatilityWindows = [60, 300, 900, 1_800];
const moveWindows = [60, 300, 1_800];

const places = {
  volatilityDay: componentIndex('volatility_day'),
  volatilityYesterday: componentIndex('volatility_yesterday'),
  volatilityOfVolatility: componentIndex('volatility_of_volatility'),
  noiseRatio: componentIndex('noise_ratio'),
  varianceRatio: componentIndex('variance_ratio'),
  volume: componentIndex('volume_1m'),
  trades: componentIndex('trades_1m'),
  returns: componentIndex('return_1m'),
  imbalance: componentIndex('imbalance_5m'),
  spread: componentIndex('spread_1m'),
  quoteImbalance: componentIndex('quote_imbalance'),
  friction: componentIndex('friction'),
  entropy: componentIndex('entropy'),
  nashDistance: componentIndex('nash_dist'),
  alpha: componentIndex('alpha'),
  progress: componentIndex('session_progress'),
  arch: componentIndex('session_arch'),
};

function readState(
  values: Float32Array,
  { friction, entropy, nashDistance, alphaCoefficient }: NonNullable<SignatureExtras['state']>,
): void {
  values[places.friction] = friction;
  values[places.entropy] = entropy;
  values[places.nashDistance] = nashDistance;
  if (alphaCoefficient !== null) values[places.alpha] = log(alphaCoefficient);
}

function logRatio(rate: number, usual: number): number {
  // A difference of sums may end a rounding below 0.
  return log((max(0, rate / usual) + ratioFloor) / (1 + ratioFloor));
}
