import { HindcastError, isoFromUs, type SearchFacts, type SimilarAnswer, type SimilarNeighbour } from '@hindcast/contracts';
import { sentence, templateId } from '@hindcast/embedding';
import {
  explain,
  foretell,
  permutationsDefault,
  regimeCodes,
  signatureSize,
  type FetchedHorizon,
  type Foretold,
  type MemoryDefinition,
  type MomentColumns,
} from '@hindcast/memory';
import type { PhysicsState } from '@hindcast/physics';
import type { Clock, Embedder, MomentStore, TickReader, VectorStore } from '@hindcast/ports';
import { answerVerdict, isSimulated } from './answer-verdict.js';
import { askedMoment, type FoldMoment } from './asked-moment.js';
import { chosenHorizons, chosenMemory } from './chosen-memory.js';
import { IndexFacts } from './index-facts.js';
import { findNeighbours, momentFilter, type Found, type NeighbourSources, type Searched } from './neighbour-search.js';
import { beforeUs, neighbourPaths, type NeighbourPath } from './neighbour-paths.js';
import { Phases } from './phases.js';
import { QuestionEmbedder } from './question-embedder.js';
import { QuestionTurns } from './question-turns.js';
import { ofComponents, ofMoment, unitVector, wordsOf, type Asked } from './question.js';
import { fittedNearest, knownNearest, usualMoments } from './signature-search.js';
import { counted, explainedOf, flagsOf, forecastOf, outcomeOf, outcomesOf, receiptMemory } from './similar-answer.js';
import type { MomentSubject, SimilarQuestion, StretchSubject } from './similar-request.js';
import type { StateFinder } from '../state-finder.js';

export interface SimilarParts {
  readonly states: Pick<StateFinder, 'find'>;
  /** Undefined where no model is installed. */
  readonly embedder: Embedder | undefined;
  readonly vectors: Pick<VectorStore, 'search'>;
  readonly moments: MomentStore;
  readonly fold?: FoldMoment;
  readonly store: Pick<TickReader, 'bars' | 'instruments'>;
  readonly embedIntervalMs: number;
  readonly clock: Clock;
  /** Event time that the memory in use is behind what is stored; null where nothing is known of it yet. */
  readonly behindSeconds?: () => number | null;
  /** Told of each search that found an answer. */
  readonly onFound?: (receipt: { readonly exact: boolean }, elapsedSeconds: number) => void;
}

/** Further behind than a memory that is kept up ever is: it is being filled. */
const fillingSeconds = 300;

/** What hides nothing. */
const everything = { timeUs: null, asOfUs: null, level: null, progress: NaN, text: null, signature: null } as const;

/** Finds the moments that are most like what is asked about, what followed them, and says how far to trust it. */
export class SimilarMoments {
  readonly #turns = new QuestionTurns();
  /** One at a time: each may read two hundred thousand moments. They wait before they take a turn from others. */
  readonly #turnsOfStatePaths = new QuestionTurns(1);
  readonly #questions: QuestionEmbedder | undefined;
  readonly #sources: NeighbourSources;
  readonly #index: IndexFacts;

  constructor(private readonly parts: SimilarParts) {
    this.#questions = parts.embedder && new QuestionEmbedder(parts.embedder);
    this.#sources = parts;
    this.#index = new IndexFacts(parts);
  }

  /**
   * QUEUE_FULL; FIELD_INVALID; SYMBOL_UNKNOWN, STATE_UNKNOWN, MOMENT_UNKNOWN; MEMORY_UNKNOWN, MEMORY_NOT_KNOWN_YET, MEMORY_EMPTY,
   * MOMENTS_NONE; of text MODEL_MISSING; CALL_CANCELLED when `signal` is aborted.
   */
  find(question: SimilarQuestion, signal: AbortSignal): Promise<SimilarAnswer> {
    const answer = (): Promise<SimilarAnswer> => this.#turns.run(() => this.#answerOrSayWhy(question, signal), signal);
    const { subject } = question;
    return subject.kind === 'path' && subject.of === 'states' ? this.#turnsOfStatePaths.run(answer, signal) : answer();
  }

  /** Whoever asks in the first seconds after a start, or while history is told, learns that what is missing is to come. */
  async #answerOrSayWhy(question: SimilarQuestion, signal: AbortSignal): Promise<SimilarAnswer> {
    try {
      return await this.#answer(question, signal);
    } catch (error) {
      const { behindSeconds } = this.parts;
      const isMissing = error instanceof HindcastError && (error.code === 'MEMORY_EMPTY' || error.code === 'MOMENTS_NONE');
      if (!isMissing || !behindSeconds || (behindSeconds() ?? Infinity) <= fillingSeconds) throw error;
      const { code, message, details } = error;
      throw new HindcastError(code, `${message} The memory is still being filled: ask again in some seconds.`, { cause: error, details });
    }
  }

  async #answer(given: SimilarQuestion, signal: AbortSignal): Promise<SimilarAnswer> {
    const phases = new Phases(this.parts.clock);
    const question = inTime(given, phases.startedUs);
    const asked = await this.#ask(question, signal);
    phases.ends('question');
    const found = await findNeighbours(this.#sources, question, { asked, signal });
    phases.ends('search');
    const fetched = await this.#fetch(question, asked, found);
    phases.ends('outcomes');
    const shown = found.neighbours.slice(0, question.k);
    const paths = await neighbourPaths(this.parts.store, [...shown, ...ownKey(asked)], { span: spanOf(asked, question), signal });
    phases.ends('paths');
    const foretold = fetched.map((horizon) => this.#foretell(horizon, question, asked));
    phases.ends('forecast');
    signal.throwIfAborted();
    const { elapsed_ms: elapsedMs } = phases.spent();
    this.parts.onFound?.(found.searched, elapsedMs / 1_000);
    const neighbours = shown.map((_, place) => neighbourOf(place, { found, asked, path: paths[place], explains: question.explain }));
    return {
      query: { ...asked.query, ...(paths.length > shown.length && { path: paths[shown.length].before }) },
      neighbours,
      outcomes: foretold.map((horizon) => outcomesOf(horizon, asked.level)),
      forecast: foretold.flatMap((horizon) => forecastOf(horizon, asked.level)),
      verdict: answerVerdict(foretold, { question, asked, neighbours, isBySignature: found.signatures !== null }),
      receipt: await this.#receipt({ question, asked, found, neighbours, phases }),
    };
  }

  async #ask(question: SimilarQuestion, signal: AbortSignal): Promise<Asked> {
    const { subject, space } = question;
    const embed = (text: string): Promise<Float32Array> => this.#model().questions.vectorOf(text, signal);
    const memory = await this.#memory(question);
    const asOfUs = question.asOfUs ?? null;
    const common = { ...everything, memory, horizons: memory ? chosenHorizons(memory, question.horizons) : [], asOfUs };
    switch (subject.kind) {
      case 'moment':
        return { ...common, ...(await this.#askMoment(subject, { question, memory, signal })) };
      case 'signature':
        if (!memory) throw new Error(`a question of space ${space} has a memory`);
        return { ...common, ...ofComponents(subject, memory) };
      case 'words': {
        const words = wordsOf(subject.words);
        return { ...common, query: { sentence: words }, text: await embed(words), seed: 0 };
      }
      case 'vector':
        return { ...common, query: {}, text: unitVector(subject.vector, this.#model().dimensions), seed: 0 };
      case 'path':
        return { ...common, ...(await this.#askPath(subject, memory)) };
    }
  }

  async #askMoment(
    { symbol, market, timeUs }: MomentSubject,
    {
      question,
      memory,
      signal,
    }: { readonly question: SimilarQuestion; readonly memory: MemoryDefinition | null; readonly signal: AbortSignal },
  ) {
    const wantsText = question.space !== 'signature';
    if (wantsText) this.#model();
    const atUs = timeUs ?? 0;
    const state: PhysicsState | undefined =
      wantsText || market === undefined ? await this.parts.states.find({ symbol, market, atUs }) : undefined;
    const instrument = { symbol, market: market ?? state?.market ?? '' };
    const words = wantsText && state ? sentence(state) : undefined;
    const text = words === undefined ? null : await this.#model().questions.vectorOf(words, signal);
    const ofText = {
      text,
      query: { ...instrument, ...(state && { timestamp: isoFromUs(state.timeUs) }), ...(words && { sentence: words }) },
    };
    if (question.space === 'text') return { symbol, timeUs: state?.timeUs ?? atUs, seed: state?.timeUs ?? 0, ...ofText };
    if (!memory) throw new Error(`a question of space ${question.space} has a memory`);
    const { moments, fold } = this.parts;
    const moment = await askedMoment({ ...instrument, atUs }, { definition: memory, moments, fold, signal });
    const own = ofMoment(moment, memory);
    return { symbol, ...own, text, query: { ...own.query, ...(words && { sentence: words }) } };
  }

  /** What the memory knows of the path's end gives its level; without that, returns are told in deviations. */
  async #askPath({ symbol, market, toUs }: StretchSubject, memory: MemoryDefinition | null) {
    const instrument = { symbol, market: market ?? (await this.parts.states.find({ symbol, market, atUs: toUs })).market };
    const query = { ...instrument, timestamp: isoFromUs(toUs) };
    const moment = memory && (await this.parts.moments.newest(memory.id, instrument, toUs));
    if (!memory || !moment || moment.length === 0 || moment.timeUs[0] <= toUs - memory.stateIntervalMs * 1_000) {
      return { query, symbol, timeUs: toUs, seed: toUs };
    }
    const { level, progress, seed } = ofMoment(moment, memory);
    return { query, symbol, timeUs: toUs, level, progress, seed };
  }

  /** A text or a path of prices is answered without a memory too, but for what followed. */
  async #memory({ subject, space, memory, asOfUs }: SimilarQuestion): Promise<MemoryDefinition | null> {
    try {
      return await chosenMemory(this.parts.moments, { memory, asOfUs });
    } catch (error) {
      const needsNone = space === 'text' || (subject.kind === 'path' && subject.of === 'prices');
      if (needsNone && memory === undefined && error instanceof HindcastError && isNoMemory(error)) return null;
      throw error;
    }
  }

  #model(): { readonly questions: QuestionEmbedder; readonly dimensions: number } {
    const { embedder } = this.parts;
    if (!embedder || !this.#questions) throw new HindcastError('MODEL_MISSING');
    return { questions: this.#questions, dimensions: embedder.dimensions };
  }

  /** What each horizon's forecast and tests rest on. */
  async #fetch(question: SimilarQuestion, asked: Asked, { moments: found, signatures }: Found): Promise<readonly FetchedHorizon[]> {
    const { moments: store } = this.parts;
    const { memory, horizons, progress } = asked;
    if (!memory || (found.length === 0 && signatures === null)) return [];
    const filter = momentFilter(question, asked);
    const parts = await Promise.all(
      horizons.map(async (horizon): Promise<Omit<FetchedHorizon, 'sample'>> => {
        if (signatures === null) {
          const candidates = await store.count(memory.id, { ...filter, knownHorizon: horizon.id });
          return { horizon, candidates, neighbours: found, nearest: null };
        }
        if (question.space === 'signature') return knownNearest(store, signatures.question, signatures.found, horizon);
        return { horizon, neighbours: found, ...(await fittedNearest(store, signatures.question, signatures.found, horizon)) };
      }),
    );
    const sample = await usualMoments(
      store,
      { id: memory.id, filter, progress },
      parts.map(({ neighbours }) => neighbours),
    );
    return parts.map((part) => ({ ...part, sample }));
  }

  #foretell(fetched: FetchedHorizon, { minGapUs }: SimilarQuestion, { signature, level, progress, seed, asOfUs, memory }: Asked): Foretold {
    return foretell(
      fetched,
      { vector: signature?.vector ?? null, level, progress, seed },
      { minGapUs, permutations: permutationsDefault, asOfUs: asOfUs ?? Infinity, errors: memory?.errors },
    );
  }

  async #receipt({ question, asked, found, neighbours, phases }: Answered): Promise<SimilarAnswer['receipt']> {
    const { embedder } = this.parts;
    const { memory, asOfUs } = asked;
    const facts = async (searched: Searched, id: string | null): Promise<SearchFacts> => ({ ...searched, ...(await this.#index.of(id)) });
    return {
      space: question.space,
      memory: memory && receiptMemory(memory),
      ...(await facts(found.searched, found.signatures && memory ? memory.id : null)),
      ...(asked.text && embedder && { model: embedder.modelId, template: templateId }),
      ...(found.searchedText && { text: await facts(found.searchedText, null) }),
      as_of: asOfUs === null ? null : isoFromUs(asOfUs),
      flags: counted(neighbours.flatMap(({ flags }) => flags)),
      simulated: neighbours.filter(isSimulated).length,
      ...phases.spent(),
    };
  }
}

interface Answered {
  readonly question: SimilarQuestion;
  readonly asked: Asked;
  readonly found: Found;
  readonly neighbours: readonly SimilarNeighbour[];
  readonly phases: Phases;
}

/**
 * A moment is answered from its own past: what came later would be foretelling with hindsight. Whatever names a time is searched
 * exactly, because an index is made of later rows too, and which rows it misses would tell of them. FIELD_INVALID for times to come.
 */
function inTime(question: SimilarQuestion, nowUs: number): SimilarQuestion {
  const { subject, asOfUs } = question;
  const refuseFuture = (field: string, timeUs: number | undefined): void => {
    if (timeUs === undefined || timeUs <= nowUs) return;
    throw new HindcastError(
      'FIELD_INVALID',
      `${field}=${isoFromUs(timeUs)}: it is to come; times up to now, ${isoFromUs(nowUs)}, are allowed.`,
    );
  };
  refuseFuture('asOf', asOfUs);
  if (subject.kind === 'path') {
    refuseFuture('path.to', subject.toUs);
    if (asOfUs !== undefined && asOfUs < subject.toUs)
      throw new HindcastError('FIELD_INVALID', 'path.to is after asOf: the path was not known then.');
    return { ...question, search: 'exact', asOfUs: asOfUs ?? subject.toUs };
  }
  const search = asOfUs === undefined ? question.search : 'exact';
  if (subject.kind !== 'moment') return { ...question, search };
  refuseFuture('time', subject.timeUs);
  const timeUs = subject.timeUs ?? asOfUs ?? nowUs;
  return {
    ...question,
    search: subject.timeUs === undefined ? search : 'exact',
    subject: { ...subject, timeUs },
    asOfUs: asOfUs ?? timeUs,
  };
}

function isNoMemory({ code }: HindcastError): boolean {
  return code === 'MEMORY_UNKNOWN' || code === 'MEMORY_NOT_KNOWN_YET';
}

function ownKey({ query: { symbol, market }, timeUs }: Asked) {
  return symbol === undefined || market === undefined || timeUs === null ? [] : [{ symbol, market, timeUs }];
}

/** After a moment as far as the longest horizon in time, and nothing that was not known. */
function spanOf({ horizons, asOfUs }: Asked, { subject }: SimilarQuestion) {
  const lengthUs = subject.kind === 'path' ? subject.toUs - subject.fromUs : 0;
  const seconds = Math.max(0, ...horizons.map((horizon) => (horizon.kind === 'time' ? horizon.seconds : 0)));
  return { beforeUs: Math.max(beforeUs, lengthUs), afterUs: seconds * 1_000_000, asOfUs: asOfUs ?? Number.MAX_SAFE_INTEGER };
}

interface NeighbourParts {
  readonly found: Found;
  readonly asked: Asked;
  readonly path: NeighbourPath;
  readonly explains: boolean;
}

function neighbourOf(place: number, { found, asked, path, explains }: NeighbourParts): SimilarNeighbour {
  const { symbol, market, timeUs, distance, score, row, metadata } = found.neighbours[place];
  const { moments } = found;
  const asOfUs = asked.asOfUs ?? Infinity;
  const { signature, memory } = asked;
  return {
    symbol,
    market,
    timestamp: isoFromUs(timeUs),
    distance,
    ...(score !== undefined && { score }),
    regime: row === undefined ? (metadata?.physics.regime ?? null) : regimeCodes[moments.regime[row]],
    flags: row === undefined ? [] : flagsOf(moments, row),
    ...(explains &&
      signature &&
      memory &&
      row !== undefined && { explained: explainedOf(explain(memory.signature, signature.raw, rawOf(moments, row))) }),
    path,
    outcomes: Object.fromEntries(
      asked.horizons.map((horizon) => [horizon.id, row === undefined ? null : outcomeOf(moments, row, { horizon, asOfUs })]),
    ),
    ...(metadata && { metadata }),
  };
}

function rawOf({ values, mask }: MomentColumns, row: number) {
  return { values: values.subarray(row * signatureSize, (row + 1) * signatureSize), mask: mask[row] };
}
