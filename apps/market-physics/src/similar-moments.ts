import { HindcastError, isoFromUs, type SimilarAnswer, type SimilarMoment } from '@hindcast/contracts';
import { sentence, templateId } from '@hindcast/embedding';
import type { Clock, Embedder, VectorFilter, VectorMatch, VectorSearchResult, VectorStore } from '@hindcast/ports';
import { QuestionEmbedder } from './question-embedder.js';
import type { SimilarQuestion, Subject } from './similar-request.js';
import type { StateFinder } from './state-finder.js';

export interface SimilarParts {
  readonly states: StateFinder;
  /** Undefined where no model is installed. */
  readonly embedder: Embedder | undefined;
  readonly vectors: Pick<VectorStore, 'search'>;
  readonly clock: Clock;
  /** Told of each search that found an answer. */
  readonly onFound?: (receipt: { readonly exact: boolean }, elapsedSeconds: number) => void;
}

const table = 'market_state_embeddings';

/** What was asked about, as a vector, and what the answer says of it. */
interface Asked {
  readonly vector: Float32Array;
  readonly query: SimilarAnswer['query'];
  readonly exclude?: VectorFilter['exclude'];
}

/** Finds the moments whose vectors are nearest to the question's, and says how they were found. */
export class SimilarMoments {
  private readonly questions: QuestionEmbedder | undefined;

  constructor(private readonly parts: SimilarParts) {
    this.questions = parts.embedder && new QuestionEmbedder(parts.embedder);
  }

  /** MODEL_MISSING, QUEUE_FULL, CALL_CANCELLED when `signal` is aborted, MEMORY_EMPTY, SYMBOL_UNKNOWN, STATE_UNKNOWN; FIELD_INVALID for a vector of another length. */
  async find(question: SimilarQuestion, signal: AbortSignal): Promise<SimilarAnswer> {
    const { embedder, vectors, clock } = this.parts;
    const { questions } = this;
    if (!embedder || !questions) throw new HindcastError('MODEL_MISSING');
    const startedUs = clock.nowUs();
    const { subject, k, filter, asOfUs, search } = inTime(question, startedUs);
    const { vector, query, exclude } = await this.ask(subject, (text) => questions.vectorOf(text, signal), embedder.dimensions);
    const { symbols, market, from: fromUs, to: toUs } = filter;
    // Vectors of other makers lie in another space.
    const makers = { modelId: embedder.modelId, templateId };
    const found = await vectors.search({ vector, k, search, filter: { symbols, market, fromUs, toUs, asOfUs, exclude, ...makers } });
    if (found.rows === 0) throw new HindcastError('MEMORY_EMPTY');
    const elapsedUs = clock.nowUs() - startedUs;
    this.parts.onFound?.(found, elapsedUs / 1_000_000);
    return { query, results: found.matches.map(momentOf), receipt: receiptOf(found, { modelId: embedder.modelId, asOfUs, elapsedUs }) };
  }

  private async ask(subject: Subject, embed: (text: string) => Promise<Float32Array>, dimensions: number): Promise<Asked> {
    switch (subject.kind) {
      case 'vector':
        return { vector: unitVector(subject.vector, dimensions), query: {} };
      case 'text':
        return { vector: await embed(subject.text), query: { sentence: subject.text } };
      case 'state': {
        const { symbol, market, timeUs, excludeWithinSeconds: seconds } = subject;
        const state = await this.parts.states.find({ symbol, market, atUs: timeUs });
        const words = sentence(state);
        return {
          vector: await embed(words),
          query: { symbol, market: state.market, timestamp: isoFromUs(state.timeUs), sentence: words },
          exclude: seconds === 0 ? undefined : { symbol, timeUs: state.timeUs, seconds },
        };
      }
    }
  }
}

/** A moment is answered from its own past: what came later would be foretelling with hindsight. */
function inTime(question: SimilarQuestion, nowUs: number): SimilarQuestion {
  const { subject, asOfUs } = question;
  if (subject.kind !== 'state') return question;
  const timeUs = subject.timeUs ?? nowUs;
  return { ...question, subject: { ...subject, timeUs }, asOfUs: asOfUs ?? timeUs };
}

function momentOf({ symbol, market, timeUs, distance, metadata }: VectorMatch): SimilarMoment {
  return { symbol, market, timestamp: isoFromUs(timeUs), distance, metadata };
}

/** Markets of the simulator, and of nobody else. */
const simulatedMarkets = 'simulated/';

/** How an answer was found, so that it can be judged and repeated. */
function receiptOf(
  { index, rows, candidates, exact, nprobes, rowsNotIndexed, matches }: VectorSearchResult,
  { modelId, asOfUs, elapsedUs }: { readonly modelId: string; readonly asOfUs: number | undefined; readonly elapsedUs: number },
): SimilarAnswer['receipt'] {
  return {
    table,
    space: 'text',
    index,
    rows,
    candidates,
    exact,
    nprobes,
    rows_not_indexed: rowsNotIndexed,
    model: modelId,
    template: templateId,
    as_of: asOfUs === undefined ? null : isoFromUs(asOfUs),
    simulated: matches.filter(({ market }) => market.startsWith(simulatedMarkets)).length,
    elapsed_ms: elapsedUs / 1_000,
  };
}

/** Distances mean something between unit vectors only. */
function unitVector(numbers: readonly number[], dimensions: number): Float32Array {
  const length = numbers.length === dimensions ? Math.hypot(...numbers) : NaN;
  if (!Number.isFinite(length) || length === 0) {
    throw new HindcastError('FIELD_INVALID', `vector has ${numbers.length} numbers; ${dimensions} finite ones, not all 0, are allowed.`);
  }
  return Float32Array.from(numbers, (value) => value / length);
}
