import type { EmbeddingMetadata, SearchFacts } from '@hindcast/contracts';
import { templateId } from '@hindcast/embedding';
import { fusedRanks, MomentColumns, Spacing, type SpacedMoment } from '@hindcast/memory';
import type {
  Embedder,
  MomentFilter,
  MomentKey,
  MomentStore,
  SearchedRows,
  TickReader,
  VectorFilter,
  VectorMatch,
  VectorStore,
} from '@hindcast/ports';
import { searchPaths } from './path-search.js';
import type { Asked } from './question.js';
import { searchSignatures, type SignatureFound, type SignatureQuestion } from './signature-search.js';
import type { SimilarQuestion, StretchSubject } from './similar-request.js';
import { onUtcDay, type SpacingRule } from './spaced-search.js';
import { searchStatePaths } from './state-path-search.js';
import { searchTexts } from './text-search.js';

export interface NeighbourSources {
  readonly moments: Pick<MomentStore, 'search' | 'moments' | 'count' | 'find'>;
  readonly vectors: Pick<VectorStore, 'search'>;
  readonly store: Pick<TickReader, 'bars' | 'instruments'>;
  readonly embedder: Pick<Embedder, 'modelId'> | undefined;
  /** Sentences lie on the epoch's grid of this step. */
  readonly embedIntervalMs: number;
}

export type Searched = Omit<SearchFacts, 'index_type' | 'recall'>;

/** Neighbours of a question in the order of likeness, `statisticsK` of them where there are as many. */
export interface Found {
  readonly neighbours: readonly FoundNeighbour[];
  /** What the memory holds of them. */
  readonly moments: MomentColumns;
  readonly searched: Searched;
  /** With space hybrid. */
  readonly searchedText?: Searched;
  /** How signatures were asked for, where they were. */
  readonly signatures: { readonly question: SignatureQuestion; readonly found: SignatureFound } | null;
}

export interface FoundNeighbour extends MomentKey {
  readonly distance: number | null;
  readonly score?: number;
  /** In `moments`; undefined where the memory has no such moment. */
  readonly row: number | undefined;
  readonly metadata?: EmbeddingMetadata;
}

/** What is said of neighbours rests on so many, however few of them are shown. */
const statisticsKMin = 20;
/** How deep two rankings are fused. */
const fusedDepth = 1_000;
const textTable = 'market_state_embeddings';

export async function findNeighbours(
  sources: NeighbourSources,
  question: SimilarQuestion,
  { asked, signal }: { readonly asked: Asked; readonly signal: AbortSignal },
): Promise<Found> {
  const { signature, memory, text } = asked;
  if (question.subject.kind === 'path') return byPath(sources, question, { asked, subject: question.subject, signal });
  if (question.space === 'text' && text) return byText(sources, question, { ...asked, text });
  if (!signature || !memory) throw new Error(`a question of space ${question.space} has a signature and a memory`);
  const signatures = signatureQuestion(question, asked, { vector: signature.vector, memory });
  const found = await searchSignatures(sources.moments, signatures);
  const bySignature: Found = {
    neighbours: rowsOf(found.neighbours.moments).map((row) => ({
      ...keyOf(found.neighbours.moments, row),
      distance: found.neighbours.distances[row],
      row,
    })),
    moments: found.neighbours.moments,
    searched: { table: `moments_${memory.id}`, ...searchedOf(found.first) },
    signatures: { question: signatures, found },
  };
  return text && question.space === 'hybrid' ? fused(sources, question, { asked: { ...asked, text }, bySignature }) : bySignature;
}

export function statisticsK({ k }: Pick<SimilarQuestion, 'k'>): number {
  return Math.max(k, statisticsKMin);
}

export function ruleOf({ minGapUs, distinctDays }: SimilarQuestion): SpacingRule {
  return { minGapUs, distinctDays };
}

/** What narrows moments, whichever way they are searched. */
export function momentFilter(
  { filter, excludeWithinUs }: SimilarQuestion,
  { timeUs, asOfUs }: Pick<Asked, 'timeUs' | 'asOfUs'>,
): MomentFilter {
  const { symbols, market, from, to, regimes, components = {} } = filter;
  const exclude = timeUs === null || excludeWithinUs === 0 ? undefined : { timeUs, withinUs: excludeWithinUs };
  const bounds = Object.entries(components).map(([name, bound]) => ({ name: name as keyof typeof components, ...bound }));
  return {
    ...(symbols && { symbols }),
    ...(market !== undefined && { market }),
    ...(from !== undefined && { fromUs: from }),
    ...(to !== undefined && { toUs: to }),
    ...(asOfUs !== null && { asOfUs }),
    ...(exclude && { exclude }),
    ...(regimes && { regimes }),
    ...(bounds.length > 0 && { components: bounds }),
  };
}

function signatureQuestion(
  question: SimilarQuestion,
  asked: Asked,
  { vector, memory }: { readonly vector: Float32Array; readonly memory: NonNullable<Asked['memory']> },
): SignatureQuestion {
  return {
    definition: memory,
    vector,
    filter: momentFilter(question, asked),
    k: statisticsK(question),
    rule: ruleOf(question),
    search: question.search,
  };
}

interface AskedPath {
  readonly asked: Asked;
  readonly subject: StretchSubject;
  readonly signal: AbortSignal;
}

async function byPath(sources: NeighbourSources, question: SimilarQuestion, { asked, subject, signal }: AskedPath): Promise<Found> {
  const { symbol, market = asked.query.market ?? '', fromUs, toUs } = subject;
  const { filter, excludeWithinUs } = question;
  const path = { ...{ symbol, market, fromUs, toUs, excludeWithinUs, signal }, k: statisticsK(question), rule: ruleOf(question) };
  const { matches, ...searched } =
    subject.of === 'states'
      ? await searchStatePaths(sources.moments, {
          ...path,
          memory: memoryOf(asked),
          filter: momentFilter(question, { ...asked, timeUs: null }),
        })
      : await searchPaths(sources.store, { ...path, filter, asOfUs: asked.asOfUs ?? toUs });
  const { moments, rowOf } = await heldMoments(sources, asked, matches);
  const neighbours = matches.map((match) => ({ ...match, row: rowOf.get(textOf(match)) }));
  const facts = { ...searched, index: null, exact: true, nprobes: null, rows_not_indexed: 0 };
  return { neighbours, moments, searched: facts, signatures: null };
}

function memoryOf({ memory }: Asked): NonNullable<Asked['memory']> {
  if (!memory) throw new Error('a path of states has a memory');
  return memory;
}

interface AskedText extends Asked {
  readonly text: Float32Array;
}

async function byText(sources: NeighbourSources, question: SimilarQuestion, asked: AskedText): Promise<Found> {
  const { exclude } = momentFilter(question, asked);
  const { matches, facts } = await searchTexts(sources.vectors, {
    vector: asked.text,
    filter: vectorFilter(sources, question, asked),
    exclude,
    k: statisticsK(question),
    rule: ruleOf(question),
    search: question.search,
  });
  const { moments, rowOf } = await heldMoments(sources, asked, matches);
  const neighbours = matches.map(({ market, symbol, timeUs, distance, metadata }) => ({
    ...{ market, symbol, timeUs, distance, metadata },
    row: rowOf.get(textOf({ market, symbol, timeUs })),
  }));
  return { neighbours, moments, searched: { table: textTable, ...searchedOf(facts) }, signatures: null };
}

/** Both rankings, moment by moment of the sentences' grid: a signature counts for the sentence that it is part of. */
async function fused(
  sources: NeighbourSources,
  question: SimilarQuestion,
  { asked, bySignature }: { readonly asked: AskedText; readonly bySignature: Found },
): Promise<Found> {
  const { exclude } = momentFilter(question, asked);
  const filter = vectorFilter(sources, question, asked);
  const { matches, ...facts } = await sources.vectors.search({ vector: asked.text, k: fusedDepth, filter, search: question.search });
  const texts = matches.filter(({ timeUs }) => exclude === undefined || Math.abs(timeUs - exclude.timeUs) >= exclude.withinUs);
  const first = bySignature.signatures?.found.first;
  if (!first) throw new Error('signatures were searched first');
  const stepUs = sources.embedIntervalMs * 1_000;
  const momentOf = (key: MomentKey): string => textOf({ ...key, timeUs: Math.ceil(key.timeUs / stepUs) * stepUs });
  const rowByMoment = firstOf(rowsOf(first.moments).slice(0, fusedDepth), (row) => momentOf(keyOf(first.moments, row)));
  const matchByMoment = firstOf(texts, momentOf);
  const spacing = new Spacing(ruleOf(question));
  const chosen = fusedRanks([[...rowByMoment.keys()], [...matchByMoment.keys()]])
    .map(({ key, score }) => ({ score, row: rowByMoment.get(key), match: matchByMoment.get(key) }))
    .filter(({ row, match }) => spacing.take(spacedOf(first.moments, row, match)))
    .slice(0, statisticsK(question));
  const onlyText = chosen.flatMap(({ row, match }) => (row === undefined && match ? [match] : []));
  const { moments, rowOf } = await heldMoments(sources, asked, onlyText);
  const neighbours = chosen.map(({ score, row, match }): FoundNeighbour => {
    const metadata = match && { metadata: match.metadata };
    if (row !== undefined) {
      return { ...keyOf(first.moments, row), distance: first.distances[row], score, row: moments.addFrom(first.moments, row), ...metadata };
    }
    if (!match) throw new Error('a fused rank comes from one of both');
    const { market, symbol, timeUs } = match;
    return { market, symbol, timeUs, distance: null, score, row: rowOf.get(textOf(match)), ...metadata };
  });
  return { ...bySignature, neighbours, moments, searchedText: { table: textTable, ...searchedOf(facts) } };
}

function spacedOf(moments: MomentColumns, row: number | undefined, match: VectorMatch | undefined): SpacedMoment {
  if (row !== undefined) return { ...onUtcDay(keyOf(moments, row)), day: moments.day[row] };
  if (!match) throw new Error('a fused rank comes from one of both');
  return onUtcDay(match);
}

function vectorFilter({ embedder }: NeighbourSources, { filter, excludeWithinUs }: SimilarQuestion, asked: Asked): VectorFilter {
  const { symbols, market, from: fromUs, to: toUs } = filter;
  const { symbol, timeUs, asOfUs } = asked;
  const exclude =
    symbol === undefined || timeUs === null || excludeWithinUs === 0 ? undefined : { symbol, timeUs, seconds: excludeWithinUs / 1_000_000 };
  // Vectors of other makers lie in another space.
  return { symbols, market, fromUs, toUs, asOfUs: asOfUs ?? undefined, exclude, modelId: embedder?.modelId, templateId };
}

/** What the memory holds of moments that were found elsewhere, as it was known. */
async function heldMoments({ moments: store }: NeighbourSources, { memory, asOfUs, horizons }: Asked, keys: readonly MomentKey[]) {
  const moments = new MomentColumns(memory?.horizons ?? horizons);
  const rowOf = new Map<string, number>();
  if (memory === null || keys.length === 0) return { moments, rowOf };
  const found = await store.find(memory.id, keys);
  for (const row of rowsOf(found)) {
    rowOf.set(
      textOf(keyOf(found, row)),
      moments.addFrom(found, row, (knownAtUs) => knownAtUs <= (asOfUs ?? Infinity)),
    );
  }
  return { moments, rowOf };
}

function firstOf<Item>(items: readonly Item[], keyOfItem: (item: Item) => string): ReadonlyMap<string, Item> {
  const first = new Map<string, Item>();
  for (const item of items) if (!first.has(keyOfItem(item))) first.set(keyOfItem(item), item);
  return first;
}

export function rowsOf({ length }: MomentColumns): readonly number[] {
  return Array.from({ length }, (_, row) => row);
}

function keyOf(moments: MomentColumns, row: number): MomentKey {
  return { ...moments.instruments[moments.instrument[row]], timeUs: moments.timeUs[row] };
}

function textOf({ market, symbol, timeUs }: MomentKey): string {
  return `${market} ${symbol} ${timeUs}`;
}

function searchedOf({ index, rows, candidates, exact, nprobes, rowsNotIndexed }: SearchedRows): Omit<Searched, 'table'> {
  return { index, rows, candidates, exact, nprobes, rows_not_indexed: rowsNotIndexed };
}
