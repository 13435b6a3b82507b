import { HindcastError, isoFromUs } from '@hindcast/contracts';
import type { MemoryDefinition, MomentColumns } from '@hindcast/memory';
import type { Instrument } from '@hindcast/market';
import type { MomentStore } from '@hindcast/ports';

export interface MomentQuestion extends Instrument {
  /** The newest moment at or before it is asked about. */
  readonly atUs: number;
}

export interface FoldedQuestion extends MomentQuestion {
  /** Only a newer one is of use: where there can be none, nothing is read. */
  readonly newerThanUs?: number;
}

/** Makes the newest moment of an instrument at or before a time from what is stored of its trades; no row where there is none. */
export type FoldMoment = (question: FoldedQuestion, definition: MemoryDefinition, signal: AbortSignal) => Promise<MomentColumns>;

/**
 * A moment that is asked about, as one row: the memory's own where that is as new as the grid allows, else folded from the store,
 * which knows moments that no memory holds. MOMENT_UNKNOWN.
 */
export async function askedMoment(question: MomentQuestion, { definition, moments, fold, signal }: AskedWith): Promise<MomentColumns> {
  const { market, symbol, atUs } = question;
  const stepUs = definition.stateIntervalMs * 1_000;
  const held = await moments.newest(definition.id, { market, symbol }, atUs);
  if (held.length > 0 && held.timeUs[0] > atUs - stepUs) return held;
  if (held.length > 0 && (await isWhole(question, { definition, moments }))) return held;
  const newerThanUs = held.length > 0 ? held.timeUs[0] : -Infinity;
  const folded = fold ? await fold({ ...question, newerThanUs }, definition, signal) : held;
  const newest = held.length === 0 || (folded.length > 0 && folded.timeUs[0] > held.timeUs[0]) ? folded : held;
  if (newest.length > 0) return newest;
  throw new HindcastError('MOMENT_UNKNOWN', `${symbol} of ${market} has no signature at or before ${isoFromUs(atUs)}.`);
}

interface AskedWith {
  readonly definition: MemoryDefinition;
  readonly moments: Pick<MomentStore, 'newest' | 'spans'>;
  /** Where there is none the memory's newest is asked about. */
  readonly fold?: FoldMoment | undefined;
  readonly signal: AbortSignal;
}

/** What the memory holds of that time is all there is: the market rested, or the instrument was silent. */
async function isWhole(
  { market, symbol, atUs }: MomentQuestion,
  { definition, moments }: Pick<AskedWith, 'definition' | 'moments'>,
): Promise<boolean> {
  const spans = await moments.spans(definition.id);
  return spans.some((span) => span.symbol === symbol && span.market === market && span.fromUs <= atUs && atUs < span.toUs);
}
