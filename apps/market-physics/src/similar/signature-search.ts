import { HindcastError } from '@hindcast/contracts';
import { instrumentKey } from '@hindcast/market';
import {
  fitMax,
  fitSize,
  knownRows,
  MomentColumns,
  progressOf,
  sampledHours,
  Spacing,
  type FetchedHorizon,
  type Horizon,
  type MemoryDefinition,
} from '@hindcast/memory';
import type { MomentFilter, MomentSearchResult, MomentStore } from '@hindcast/ports';
import { emptyMemory } from './chosen-memory.js';
import { spacedNeighbours, type SpacedNeighbours, type SpacingRule } from './spaced-search.js';

export interface SignatureQuestion {
  readonly definition: MemoryDefinition;
  /** Standardised by the memory's own version. */
  readonly vector: Float32Array;
  readonly filter: MomentFilter;
  /** Neighbours that are shown, or more: what is said of them rests on these. */
  readonly k: number;
  readonly rule: SpacingRule;
  readonly search: 'auto' | 'exact';
}

export interface SignatureFound {
  readonly first: MomentSearchResult;
  readonly neighbours: SpacedNeighbours;
}

export type ReadMoments = Pick<MomentStore, 'search' | 'moments' | 'count'>;

/** What a fit takes, and a third more: some will not have an outcome at this or that horizon. */
const nearestAtOnce = Math.round(1.33 * fitMax);
/** Moments that say what is usual. Their quantiles are good to a hundredth, and they are read in the time of a search. */
const sampleRows = 4_000;

/** The nearest moments, and of them those that are far enough apart. MEMORY_EMPTY, MOMENTS_NONE. */
export async function searchSignatures(store: ReadMoments, question: SignatureQuestion): Promise<SignatureFound> {
  const { definition, k, rule, vector, filter, search } = question;
  const first = await store.search(definition.id, { vector, k: nearestAtOnce, filter, search });
  if (first.rows === 0) throw emptyMemory(definition);
  if (first.moments.length === 0) throw await noMoments(store, definition.id, filter);
  const rows = first.moments.timeUs.subarray(0, first.moments.length).keys();
  const isAll = first.moments.length < nearestAtOnce;
  const neighbours = await spacedNeighbours({ found: first, rows, isAll }, { k, rule, ...searchAgain(store, question, filter) });
  return { first, neighbours };
}

/** What one horizon's forecast and tests need of the memory, but for the sample. */
export async function knownNearest(
  store: ReadMoments,
  question: SignatureQuestion,
  found: SignatureFound,
  horizon: Horizon,
): Promise<Omit<FetchedHorizon, 'sample'>> {
  const known = await knownOutcomes(store, question, found.first, horizon);
  const { candidates } = known;
  return { horizon, candidates, neighbours: await knownNeighbours(store, question, found, known), nearest: nearestOf(known, question) };
}

/** The same without neighbours, for a question that has others. */
export async function fittedNearest(
  store: ReadMoments,
  question: SignatureQuestion,
  { first }: SignatureFound,
  horizon: Horizon,
): Promise<Pick<FetchedHorizon, 'candidates' | 'nearest'>> {
  const known = await knownOutcomes(store, question, first, horizon);
  return { candidates: known.candidates, nearest: nearestOf(known, question) };
}

/** The nearest whose outcome at a horizon is known, as many as a fit takes. */
interface KnownOutcomes {
  readonly horizon: Horizon;
  readonly filter: MomentFilter;
  readonly candidates: number;
  readonly found: MomentSearchResult;
  readonly rows: Int32Array;
}

async function knownOutcomes(
  store: ReadMoments,
  { definition, vector, search, filter: given }: SignatureQuestion,
  first: MomentSearchResult,
  horizon: Horizon,
): Promise<KnownOutcomes> {
  const filter = { ...given, knownHorizon: horizon.id };
  const candidates = await store.count(definition.id, filter);
  const wanted = fitSize(candidates);
  const rows = knownRows(first.moments, horizon, filter.asOfUs);
  if (rows.length >= Math.min(wanted, candidates)) return { horizon, filter, candidates, found: first, rows };
  const found = await store.search(definition.id, { vector, k: wanted, filter, search });
  return { horizon, filter, candidates, found, rows: knownRows(found.moments, horizon, filter.asOfUs) };
}

function nearestOf({ found: { moments, vectors } }: KnownOutcomes, { vector }: SignatureQuestion): FetchedHorizon['nearest'] {
  return { columns: moments, vectors, size: moments.length === 0 ? vector.length : vectors.length / moments.length };
}

async function knownNeighbours(
  store: ReadMoments,
  question: SignatureQuestion,
  { first, neighbours: shown }: SignatureFound,
  { horizon, filter, candidates, found, rows }: KnownOutcomes,
): Promise<MomentColumns> {
  const { k, rule } = question;
  const already = knownOf([first.moments, ...shown.more], { horizon, k, rule, asOfUs: filter.asOfUs });
  if (already) return already;
  const searched = { k, rule, ...searchAgain(store, question, filter) };
  return (await spacedNeighbours({ found, rows, isAll: rows.length >= candidates }, searched)).moments;
}

/** The first k of what was found already whose outcome is known and that are far enough apart; undefined where they are fewer. */
function knownOf(
  found: readonly MomentColumns[],
  {
    horizon,
    k,
    rule,
    asOfUs,
  }: { readonly horizon: Horizon; readonly k: number; readonly rule: SpacingRule; readonly asOfUs?: number | undefined },
): MomentColumns | undefined {
  const spacing = new Spacing(rule);
  const known = new MomentColumns(found[0].horizons, k);
  for (const moments of found) {
    const keys = moments.instruments.map(instrumentKey);
    for (const row of knownRows(moments, horizon, asOfUs)) {
      if (!spacing.take({ instrument: keys[moments.instrument[row]], timeUs: moments.timeUs[row], day: moments.day[row] })) continue;
      known.addFrom(moments, row);
      if (known.length === k) return known;
    }
  }
  return undefined;
}

function searchAgain(store: ReadMoments, { definition, vector, search }: SignatureQuestion, filter: MomentFilter) {
  return {
    horizons: definition.horizons,
    search: (k: number, except: MomentFilter['except']) =>
      store.search(definition.id, { vector, k, search, filter: { ...filter, except } }),
  };
}

/** Moments of the hours that the neighbours are to be compared with, drawn by their keys alone where there are too many. */
export async function usualMoments(
  store: ReadMoments,
  { id, filter, progress }: { readonly id: string; readonly filter: MomentFilter; readonly progress: number },
  neighbours: readonly MomentColumns[],
): Promise<MomentColumns> {
  const hours = neighbours.flatMap((columns) => Array.from({ length: columns.length }, (_, row) => progressOf(columns, row)));
  const { min, max } = sampledHours(progress, hours);
  // Neither the question nor a neighbour has a time of day: nothing is usual then.
  if (!(min <= max)) return store.moments(id, filter, 0);
  const ofHours: MomentFilter = { ...filter, components: [...(filter.components ?? []), { name: 'session_progress', min, max }] };
  const count = await store.count(id, ofHours);
  return store.moments(id, count <= sampleRows ? ofHours : { ...ofHours, drawBelow: sampleRows / count });
}

/** Names the part of a filter that lets nothing through, as far as one alone does. */
async function noMoments(store: ReadMoments, id: string, filter: MomentFilter): Promise<HindcastError> {
  const { asOfUs, symbols, market, fromUs, toUs, exclude, regimes, components = [] } = filter;
  const parts: readonly (readonly [string, MomentFilter])[] = [
    ['asOf', {}],
    ['symbols and market', { symbols, market }],
    ['from and to', { fromUs, toUs }],
    ['excludeWindow', { exclude }],
    ['regimes', { regimes }],
    ...components.map((component): readonly [string, MomentFilter] => [component.name, { components: [component] }]),
  ];
  const given = parts.filter(([name, part]) => name === 'asOf' || Object.values(part).some((value) => value !== undefined));
  const counts = await Promise.all(given.map(async ([name, part]) => `${name} ${await store.count(id, { ...part, asOfUs })}`));
  return new HindcastError(
    'MOMENTS_NONE',
    `No moment of ${id} passes the whole filter; each part alone lets through: ${counts.join(', ')}.`,
  );
}
