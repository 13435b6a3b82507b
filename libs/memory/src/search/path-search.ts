import { HindcastError } from '@hindcast/contracts';
import { compareStretches, boundStretches, type PathComparison } from './compare-stretches.js';
import { NearestApart, type PathMatch } from './nearest-apart.js';
import { slidingMost } from './sliding-most.js';

export const pathLengthMax = 4_096;

export interface PricePath {
  /** The path that is looked for, at least two values. */
  readonly path: ArrayLike<number>;
  /** Steps that a point may be shifted by; 0 compares point by point. */
  readonly band: number;
}

export interface PathQuery extends PricePath {
  readonly k: number;
  /** Starts of two matches are at least this many steps apart. */
  readonly minGap: number;
}

/** The k stretches of one series that look most like a path; the time of one is where in the series it begins. */
export function similarPaths(
  series: Float64Array,
  { path, band, k, minGap }: PathQuery,
): readonly Pick<PathMatch, 'timeUs' | 'distance'>[] {
  const comparison = new PricePathComparison(series, { path, band });
  const nearest = new NearestApart({ k, minGapUs: minGap, distinctDays: false });
  const stretches = { instrument: '', first: 0, firstEndUs: 0, count: series.length - path.length + 1, stepUs: 1 };
  for (const compare of [boundStretches, compareStretches]) Array.from(compare(comparison, stretches, nearest));
  return nearest.matches();
}

function assertComparable(series: Float64Array, { path, band }: PricePath): void {
  const refuse = (field: string, value: number, allowed: string): never => {
    throw new HindcastError('FIELD_INVALID', `${field}: ${value}; allowed are ${allowed}.`);
  };
  if (path.length < 2 || path.length > pathLengthMax) refuse('path', path.length, `2 to ${pathLengthMax} values`);
  if (!Number.isSafeInteger(band) || band < 0 || band >= path.length) refuse('band', band, `0 to ${path.length - 1}`);
  for (const values of [path, series]) {
    for (let i = 0; i < values.length; i += 1) if (!Number.isFinite(values[i])) refuse('path', values[i], 'finite numbers');
  }
}

interface Envelope {
  readonly upper: Float64Array;
  readonly lower: Float64Array;
}

/** What makes a stretch comparable: (value - centre) * scale. */
interface Standard {
  readonly centre: number;
  readonly scale: number;
}

/**
 * A series of prices beside a path, whatever their level and scale: both are standardised, and compared with dynamic time warping
 * inside a Sakoe-Chiba band, exactly. Most stretches are ruled out by lower bounds in the order of their price: the ends (LB_Kim),
 * the envelope of the path and that of the series (LB_Keogh 2002), each given up as soon as it is too far (the UCR suite:
 * Rakthanmanon et al. 2012). Stretches without any movement have no shape and never match.
 */
export class PricePathComparison implements PathComparison {
  readonly numbers: number;
  readonly places: number;
  readonly #band: number;
  readonly #query: Float64Array;
  readonly #upper: Float64Array;
  readonly #lower: Float64Array;
  /** Of the series, before it is standardised; undefined where nothing is warped. */
  readonly #seriesEnvelope: Envelope | undefined;
  /** Places of the query by how far they are from its mean: the farthest rule out soonest. */
  readonly #order: Int32Array;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  readonly #stretch: Float64Array;
  readonly #bounds: Float64Array;
  readonly #rowBefore: Float64Array;
  readonly #row: Float64Array;

  constructor(
    private readonly series: Float64Array,
    { path, band }: PricePath,
  ) {
    assertComparable(series, { path, band });
    const size = path.length;
    this.numbers = size;
    this.places = 2 * band + 1;
    this.#band = band;
    this.#query = standardisedPath(Float64Array.from(path));
    this.#upper = slidingMost(this.#query, band, 1);
    this.#lower = slidingMost(this.#query, band, -1);
    this.#seriesEnvelope = band === 0 ? undefined : { upper: slidingMost(series, band, 1), lower: slidingMost(series, band, -1) };
    this.#order = Int32Array.from(this.#query.keys()).sort(
      (one, other) => Math.abs(this.#query[other]) - Math.abs(this.#query[one]) || one - other,
    );
    // From the first value on, so that prices of a few thousand do not eat the digits of their differences.
    this.#sums = new Float64Array(series.length + 1);
    this.#squares = new Float64Array(series.length + 1);
    for (let i = 0; i < series.length; i += 1) {
      const value = series[i] - series[0];
      this.#sums[i + 1] = this.#sums[i] + value;
      this.#squares[i + 1] = this.#squares[i] + value * value;
    }
    this.#stretch = new Float64Array(size);
    this.#bounds = new Float64Array(size + 1);
    this.#rowBefore = new Float64Array(2 * band + 3);
    this.#row = new Float64Array(2 * band + 3);
  }

  squaredDistance(at: number, limit: number): number {
    const standard = this.#standardAt(at);
    if (standard === undefined || !this.#endsAllow(at, standard, limit)) return Infinity;
    const envelope = this.#seriesEnvelope;
    if (envelope === undefined) return this.#pointByPoint(at, standard, limit);
    if (!this.#envelopeAllows(at, standard, limit) || !this.#isWithin(envelope, at, standard, limit)) return Infinity;
    for (let i = 0; i < this.#query.length; i += 1) this.#stretch[i] = (this.series[at + i] - standard.centre) * standard.scale;
    return this.#warped(limit);
  }

  squaredUnwarped(at: number, limit: number): number {
    const standard = this.#standardAt(at);
    return standard === undefined || !this.#endsAllow(at, standard, limit) ? Infinity : this.#pointByPoint(at, standard, limit);
  }

  /** Undefined where it does not move. */
  #standardAt(at: number): Standard | undefined {
    const size = this.#query.length;
    const mean = (this.#sums[at + size] - this.#sums[at]) / size;
    const variance = (this.#squares[at + size] - this.#squares[at]) / size - mean * mean;
    if (!(variance > 1e-14 * (1 + mean * mean))) return undefined;
    return { centre: mean + this.series[0], scale: 1 / Math.sqrt(variance) };
  }

  /** LB_Kim: ends are compared with ends. */
  #endsAllow(at: number, { centre, scale }: Standard, limit: number): boolean {
    const size = this.#query.length;
    const first = (this.series[at] - centre) * scale - this.#query[0];
    const last = (this.series[at + size - 1] - centre) * scale - this.#query[size - 1];
    return first * first + last * last < limit;
  }

  /** LB_Keogh: what lies outside the query's envelope costs at least that. Leaves what each place costs in `#bounds`. */
  #envelopeAllows(at: number, { centre, scale }: Standard, limit: number): boolean {
    const upper = this.#upper;
    const lower = this.#lower;
    const order = this.#order;
    let sum = 0;
    for (let i = 0; i < order.length; i += 1) {
      const place = order[i];
      const value = (this.series[at + place] - centre) * scale;
      const outside = value > upper[place] ? value - upper[place] : value < lower[place] ? lower[place] - value : 0;
      sum += outside * outside;
      this.#bounds[place] = outside * outside;
      if (sum >= limit) return false;
    }
    return true;
  }

  /** The same the other way round: what of the query lies outside the stretch's envelope. */
  #isWithin({ upper, lower }: Envelope, at: number, { centre, scale }: Standard, limit: number): boolean {
    const order = this.#order;
    let sum = 0;
    for (let i = 0; i < order.length; i += 1) {
      const place = order[i];
      const value = this.#query[place];
      const most = (upper[at + place] - centre) * scale;
      const least = (lower[at + place] - centre) * scale;
      const outside = value > most ? value - most : value < least ? least - value : 0;
      sum += outside * outside;
      if (sum >= limit) return false;
    }
    return true;
  }

  #pointByPoint(at: number, { centre, scale }: Standard, limit: number): number {
    const order = this.#order;
    let sum = 0;
    for (let i = 0; i < order.length; i += 1) {
      const place = order[i];
      const difference = (this.series[at + place] - centre) * scale - this.#query[place];
      sum += difference * difference;
      if (sum >= limit) return Infinity;
    }
    return sum;
  }

  /** Dynamic time warping inside the band, given up when a whole row plus what must still come is not below `limit`. */
  #warped(limit: number): number {
    const size = this.#query.length;
    const band = this.#band;
    const stretch = this.#stretch;
    const rest = this.#bounds;
    // rest[i]: what places from i on cost at least.
    rest[size] = 0;
    for (let i = size - 1; i >= 0; i -= 1) rest[i] += rest[i + 1];
    let before = this.#rowBefore.fill(Infinity);
    let row = this.#row;
    // Slot j - i + band + 1 holds column j; the border slots stay at Infinity.
    for (let i = 0; i < size; i += 1) {
      row.fill(Infinity);
      const from = Math.max(0, i - band);
      const to = Math.min(size - 1, i + band);
      let least = Infinity;
      for (let j = from; j <= to; j += 1) {
        const slot = j - i + band + 1;
        const diagonal = before[slot];
        const above = before[slot + 1];
        const left = row[slot - 1];
        const cheapest = diagonal < above ? (diagonal < left ? diagonal : left) : above < left ? above : left;
        const difference = stretch[i] - this.#query[j];
        const cost = (i === 0 && j === 0 ? 0 : cheapest) + difference * difference;
        row[slot] = cost;
        if (cost < least) least = cost;
      }
      if (least + rest[i + 1] >= limit) return Infinity;
      const spare = before;
      before = row;
      row = spare;
    }
    const distance = before[band + 1];
    return distance < limit ? distance : Infinity;
  }
}

function standardisedPath(path: Float64Array): Float64Array {
  const mean = path.reduce((sum, value) => sum + value, 0) / path.length;
  const variance = path.reduce((sum, value) => sum + (value - mean) ** 2, 0) / path.length;
  if (!(variance > 0)) throw new HindcastError('FIELD_INVALID', 'path: it does not move, so it has no shape to look for.');
  return path.map((value) => (value - mean) / Math.sqrt(variance));
}
