import { dayUs, HindcastError } from '@hindcast/contracts';
import { Spacing } from './nearest.js';

/** Of a series, as long as the path that it is compared with. */
export interface Stretch {
  /** Key of the instrument. */
  readonly instrument: string;
  /** Its end. */
  readonly timeUs: number;
}

export interface PathMatch extends Stretch {
  /** Square root of the summed squared differences along the best warping. */
  readonly distance: number;
}

export interface ApartRule {
  readonly k: number;
  /** Matches of an instrument end at least this far from each other. */
  readonly minGapUs: number;
  /** And on distinct UTC days. */
  readonly distinctDays: boolean;
}

/** A stretch, and the times at which a match of its instrument would rule it out: from `fromUs` up to `toUs`. */
interface Witness {
  readonly instrument: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly squared: number;
}

/** Whoever adds squares up in another order gets other last digits: a stretch as far as the limit is never ruled out by them. */
const rounding = 1e-9;

/**
 * The k nearest stretches, the nearest first, each apart from those before, of whatever is added in whatever pieces: a stretch may
 * lose its place to one that loses its own later, so that nothing is chosen before all of them are known.
 *
 * What need not be known is what lies beyond `limit`. Stretches are witnesses where no match could rule out two of them. Of k
 * witnesses, k - 1 matches leave one over at least: it is taken before anything farther is, so the k-th match is no farther than
 * the farthest witness, whatever else there is. A witness is as good with more than its distance as with its distance.
 */
export class NearestApart {
  readonly #known: (Stretch & { readonly squared: number })[] = [];
  readonly #witnesses: Witness[] = [];
  #limit = Infinity;

  constructor(private readonly rule: ApartRule) {
    const { k, minGapUs } = rule;
    if (!Number.isSafeInteger(k) || k < 1 || k > 1_000) throw new HindcastError('FIELD_INVALID', `k: ${k}; allowed are 1 to 1000.`);
    if (!(minGapUs > 0)) throw new HindcastError('FIELD_INVALID', `minGapUs: ${minGapUs}; it is more than 0.`);
  }

  /** Squared; a stretch that is not below it is no match, whatever is added later. */
  get limit(): number {
    return this.#limit;
  }

  add(stretch: Stretch, squared: number): void {
    if (squared >= this.#limit) return;
    this.#known.push({ ...stretch, squared });
    this.boundBy(stretch, squared);
  }

  /** The stretch is that far at most, and will be added. */
  boundBy(stretch: Stretch, squared: number): void {
    if (squared >= this.#limit) return;
    const witness = this.#witnessOf(stretch, squared);
    const near = this.#witnesses.filter((one) => areNear(one, witness));
    // In the place of two there would be one fewer.
    if (near.length > 1 || (near.length === 1 && near[0].squared <= squared)) return;
    if (near.length === 1) this.#witnesses.splice(this.#witnesses.indexOf(near[0]), 1);
    let place = this.#witnesses.length;
    while (place > 0 && this.#witnesses[place - 1].squared > squared) place -= 1;
    this.#witnesses.splice(place, 0, witness);
    const { k } = this.rule;
    this.#witnesses.length = Math.min(this.#witnesses.length, k);
    if (this.#witnesses.length === k) this.#limit = Math.min(this.#limit, this.#witnesses[k - 1].squared * (1 + rounding) + rounding);
  }

  /** The earlier of equally near ones first, the first added of those. */
  matches(): readonly PathMatch[] {
    const { k, ...rule } = this.rule;
    const spacing = new Spacing(rule);
    const matches: PathMatch[] = [];
    const nearestFirst = this.#known
      .filter(({ squared }) => squared < this.#limit)
      .sort((one, other) => one.squared - other.squared || one.timeUs - other.timeUs);
    for (const { instrument, timeUs, squared } of nearestFirst) {
      if (matches.length === k) break;
      if (spacing.take({ instrument, timeUs, day: Math.floor(timeUs / dayUs) }))
        matches.push({ instrument, timeUs, distance: Math.sqrt(squared) });
    }
    return matches;
  }

  #witnessOf({ instrument, timeUs }: Stretch, squared: number): Witness {
    const { minGapUs, distinctDays } = this.rule;
    const [fromUs, toUs] = [timeUs - minGapUs, timeUs + minGapUs];
    if (!distinctDays) return { instrument, fromUs, toUs, squared };
    const midnightUs = Math.floor(timeUs / dayUs) * dayUs;
    return { instrument, fromUs: Math.min(fromUs, midnightUs), toUs: Math.max(toUs, midnightUs + dayUs), squared };
  }
}

function areNear(one: Witness, other: Witness): boolean {
  return one.instrument === other.instrument && one.fromUs < other.toUs && other.fromUs < one.toUs;
}
