import { minuteUs, secondUs, type PricePath } from '@hindcast/contracts';
import type { MomentKey, TickReader } from '@hindcast/ports';

export interface PathSpan {
  /** How far before and after the moment. */
  readonly beforeUs: number;
  readonly afterUs: number;
  /** Bars that ended later are not known. */
  readonly asOfUs: number;
}

export interface NeighbourPath {
  readonly before: PricePath;
  readonly after: PricePath;
}

/** Half an hour says what a moment came from. */
export const beforeUs = 30 * minuteUs;
/** Ranges read from the store at once. */
const readsAtOnce = 8;

/** One-minute closes around moments, in their order. */
export async function neighbourPaths(
  store: Pick<TickReader, 'bars'>,
  moments: readonly MomentKey[],
  { span, signal }: { readonly span: PathSpan; readonly signal: AbortSignal },
): Promise<readonly NeighbourPath[]> {
  const paths: NeighbourPath[] = [];
  let next = 0;
  const read = async (): Promise<void> => {
    for (let place = next++; place < moments.length; place = next++)
      paths[place] = await pathAround(store, moments[place], { span, signal });
  };
  await Promise.all(Array.from({ length: Math.min(readsAtOnce, moments.length) }, read));
  return paths;
}

/** As log-returns since the newest close at or before the moment. */
async function pathAround(
  store: Pick<TickReader, 'bars'>,
  { market, symbol, timeUs }: MomentKey,
  { span, signal }: { readonly span: PathSpan; readonly signal: AbortSignal },
): Promise<NeighbourPath> {
  const knownUs = Math.min(timeUs + span.afterUs, span.asOfUs);
  const fromUs = Math.floor(timeUs / minuteUs) * minuteUs - span.beforeUs;
  const closes: { readonly endUs: number; readonly close: number }[] = [];
  // A bar is known when it has ended.
  for await (const bars of store.bars({ market, symbol, fromUs, toUs: knownUs - minuteUs + 1, signal }, '1m')) {
    for (const { startUs, close } of bars) closes.push({ endUs: startUs + minuteUs, close });
  }
  const reference = closes.findLast(({ endUs }) => endUs <= timeUs)?.close;
  const pathOf = (part: typeof closes): PricePath => ({
    seconds: part.map(({ endUs }) => (endUs - timeUs) / secondUs),
    returns: part.map(({ close }) => Math.log(close / (reference ?? NaN))),
  });
  if (reference === undefined) return { before: pathOf([]), after: pathOf([]) };
  return { before: pathOf(closes.filter(({ endUs }) => endUs <= timeUs)), after: pathOf(closes.filter(({ endUs }) => endUs > timeUs)) };
}
