import type { Regime } from '@hindcast/contracts';
import type { PhysicsState } from '@hindcast/physics';

/**
 * Which words and cuts made a sentence. Vectors of different templates are never compared, so any change below, of a
 * word or of a cut, is a new number here.
 */
export const templateId = 'unary-8@1';

/** Steps of a feature: `levels - 1` cuts, and `levels` words. */
export const levels = 8;

/**
 * A feature is told in two words of its own, as a bar of eight of them: `busy busy busy quiet quiet quiet quiet quiet` is
 * level 3 of 1..8. A number is all but invisible to the model, and a word shared by features ("low") does not say of which;
 * how often a word occurs moves the vector steadily. Each word is one token of the model.
 */
interface Feature {
  readonly name: 'mass' | 'momentum' | 'friction' | 'entropy' | 'nashDistance' | 'alphaCoefficient';
  readonly high: string;
  readonly low: string;
  /** Ascending; the level of a value is how many of them it reaches. */
  readonly cuts: readonly number[];
}

/**
 * The cuts are eighths of the states of SPY, IBM, BAC and AIG every second of 2013-10-07 (73,895 that are not WAIT). Those
 * of momentum are quarters of its size, with both signs: a day's drift is no part of what "rising" means.
 */
export const features: readonly Feature[] = [
  { name: 'mass', high: 'busy', low: 'quiet', cuts: [0.345, 0.407, 0.451, 0.496, 0.55, 0.611, 0.678] },
  { name: 'momentum', high: 'rising', low: 'falling', cuts: [-0.352, -0.154, -0.0566, 0, 0.0566, 0.154, 0.352] },
  { name: 'friction', high: 'rough', low: 'smooth', cuts: [0.862, 0.908, 0.937, 0.959, 0.974, 0.984, 0.996] },
  { name: 'entropy', high: 'random', low: 'regular', cuts: [0.257, 0.304, 0.349, 0.401, 0.46, 0.522, 0.611] },
  { name: 'nashDistance', high: 'far', low: 'near', cuts: [0.0156, 0.0554, 0.148, 0.246, 0.363, 0.484, 0.672] },
  { name: 'alphaCoefficient', high: 'calm', low: 'wild', cuts: [2.25, 2.79, 3.16, 3.78, 4.29, 5.79, 8.28] },
];

/** One token each ("gaussian" is two, and cost more of the numbers than "normal", which names the same law). */
const regimeWords: Readonly<Record<Regime, string>> = { Gaussian: 'normal', 'Lévy Stable': 'levy', Critical: 'critical', WAIT: 'waiting' };

/** What of a state its sentence tells. */
export type WordedState = Pick<PhysicsState, Feature['name'] | 'regime'>;

/**
 * What is embedded of a state: 49 words of one token each, 41 without alpha. No symbol is in it: it would outweigh the
 * market's behaviour, and a search filters by symbol. The regime stands last and in one word, and nothing stands between
 * the bars: on 400 real states, the ranks of cosine and of the numbers' distance then correlate at 0.72 (0.56 with
 * "gaussian regime" in front), and half of the ten nearest agree. A WAIT state has no alpha and leaves it out; it can be
 * asked about, and is never stored.
 */
export function sentence(state: WordedState): string {
  const bars = features.flatMap((feature) => {
    const value = state[feature.name];
    return value === null ? [] : [wordBar(feature, value)];
  });
  return [...bars, regimeWords[state.regime]].join(' ');
}

/** 1 where a value is below every cut, one more for each cut it reaches: 1 to `levels`. */
export function levelOf(cuts: readonly number[], value: number): number {
  return 1 + cuts.filter((cut) => value >= cut).length;
}

function wordBar({ high, low, cuts }: Feature, value: number): string {
  const level = levelOf(cuts, value);
  return [...Array<string>(level).fill(high), ...Array<string>(levels - level).fill(low)].join(' ');
}
