import type { MemorySkillDto } from './memory.js';
import type { EmbeddingMetadata, Regime } from './states.js';

/** Where moments are compared: as numbers, as sentences, or in both (reciprocal rank fusion). */
export type SimilarSpace = 'signature' | 'text' | 'hybrid';

/** A length of time: `90s`, `5m`, `1h`, `2d`, or a number of seconds. */
export type Duration = string | number;

/** `POST /v1/similar`: exactly one of `symbol`, `state`, `signature`, `text`, `vector`, `path` says what is asked about. */
export interface SimilarRequest {
  readonly symbol?: string;
  /** With `symbol`; its primary one where it is not given. */
  readonly market?: string;
  /** With `symbol`, ISO 8601: its newest moment at or before it; now where it is not given. */
  readonly time?: string;
  readonly state?: StateSubject | StateFields;
  /** Raw components by name, as `docs/signature.md` has them. One that is left out is masked. */
  readonly signature?: Readonly<Record<string, number>>;
  /** In the words of the sentences that states are told in. */
  readonly text?: string;
  /** A vector of the text space. */
  readonly vector?: readonly number[];
  readonly path?: PathSubject;
  /** Neighbours that are shown, 1 to 100; 5 by default. */
  readonly k?: number;
  readonly space?: SimilarSpace;
  /** A memory's name; the one in use where it is not given. */
  readonly memory?: string;
  readonly filter?: SimilarFilter;
  /**
   * Hides whatever was not known at this time: later moments, outcomes that became known later, memories fitted later. A
   * moment's own time where it is not given, so that an answer about a moment looks back only.
   */
  readonly asOf?: string;
  /** Neighbours of one instrument are at least this far apart; 5m by default. */
  readonly minGap?: Duration;
  /** Leaves out moments of every instrument within so much of the question's own; 1h by default. */
  readonly excludeWindow?: Duration;
  /** At most one neighbour of an instrument's day. */
  readonly distinctDays?: boolean;
  /** Some of the memory's; all of them where they are not given. */
  readonly horizons?: readonly string[];
  /** Says of each neighbour which components made it alike and different. */
  readonly explain?: boolean;
  /** `exact` compares with every candidate; `auto` uses the index where it can be trusted. */
  readonly search?: 'auto' | 'exact';
}

/** The moment of a state that was made. */
export interface StateSubject {
  readonly symbol: string;
  readonly market?: string;
  readonly timestamp: string;
}

/** A state that nobody made: it is put into a sentence. */
export interface StateFields {
  readonly mass: number;
  readonly momentum: number;
  readonly friction: number;
  readonly entropy: number;
  readonly nash_dist: number;
  readonly alpha_coefficient: number | null;
  readonly regime: Regime;
}

/** A stretch of an instrument's time: stretches of the past that went alike are looked for. */
export interface PathSubject {
  readonly symbol: string;
  readonly market?: string;
  readonly from: string;
  readonly to: string;
  /** `prices`, whatever their level and scale, where nothing is said; or `states`: the memory's moments, one after another. */
  readonly of?: 'prices' | 'states';
}

export interface SimilarFilter {
  readonly symbols?: readonly string[];
  readonly market?: string;
  /** Inclusive. */
  readonly from?: string;
  /** Exclusive. */
  readonly to?: string;
  readonly regimes?: readonly Regime[];
  /** Raw components within bounds, both inclusive. */
  readonly components?: Readonly<Record<string, { readonly min?: number; readonly max?: number }>>;
}

export interface SimilarAnswer {
  readonly query: SimilarQuery;
  /** Nearest first. */
  readonly neighbours: readonly SimilarNeighbour[];
  /** What followed the neighbours, against what usually followed at that time of day; a horizon each. */
  readonly outcomes: readonly HorizonOutcomes[];
  /** Of the question's instrument, a horizon each; empty where the question is about none. */
  readonly forecast: readonly HorizonForecast[];
  /** How far to trust it, in sentences. Where the past does not foretell, they say so. */
  readonly verdict: readonly string[];
  readonly receipt: SimilarReceipt;
}

/** What was asked about. */
export interface SimilarQuery {
  readonly symbol?: string;
  readonly market?: string;
  readonly timestamp?: string;
  /** The instrument's own level, which a signature leaves out. */
  readonly level?: { readonly volatility: number; readonly volume_rate: number };
  /** Raw components; null where one is masked. */
  readonly signature?: Readonly<Record<string, number | null>>;
  readonly sentence?: string;
  readonly path?: PricePath;
}

/** Log-returns since a moment, at so many seconds from it. */
export interface PricePath {
  readonly seconds: readonly number[];
  readonly returns: readonly number[];
}

export interface SimilarNeighbour {
  readonly symbol: string;
  readonly market: string;
  readonly timestamp: string;
  /**
   * Euclidean distance of standardised signatures; of unit vectors, 0 to 2, in text; of standardised paths, a point, for a path of prices, and of signatures, a moment, for one of states. Null
   * where a neighbour of the hybrid space is none of the numbers.
   */
  readonly distance: number | null;
  /** With space hybrid: sum of 1 / (60 + rank) over both rankings. */
  readonly score?: number;
  readonly regime: Regime | null;
  /** What is to be known of the ticks behind it: late_trades, inferred_sides, silence, short_hour, hindsight. */
  readonly flags: readonly string[];
  /** With `explain`. */
  readonly explained?: Explained;
  /** Before: half an hour of one-minute closes. After: up to the longest horizon in time that was asked for, as far as it was known. */
  readonly path: { readonly before: PricePath; readonly after: PricePath };
  /** By horizon; null where it was not known. */
  readonly outcomes: Readonly<Record<string, NeighbourOutcome | null>>;
  /** Of the stored sentence, where the text space found it. */
  readonly metadata?: EmbeddingMetadata;
}

export interface Explained {
  /** Components that were nearest, and those that set it apart. */
  readonly alike: readonly string[];
  readonly different: readonly string[];
  readonly components: readonly ExplainedComponent[];
}

export interface ExplainedComponent {
  readonly component: string;
  /** Raw values; null where it is masked. */
  readonly query: number | null;
  readonly neighbour: number | null;
  /** Neighbour less query, in deviations of the past. */
  readonly difference: number;
  /** Of the squared distance, 0 to 1. */
  readonly share: number;
  readonly masked: boolean;
}

/** What followed one moment. Returns are logarithms; volatility is a square-root second. */
export interface NeighbourOutcome {
  readonly return: number;
  readonly volatility: number;
  readonly highest_gain: number;
  readonly deepest_loss: number;
  readonly volume: number;
  readonly known_at: string;
  /** `close`: the market rested before the horizon's end. `gap`: nothing traded for five minutes on the way. */
  readonly marks: readonly string[];
}

export interface OutcomeDistribution {
  readonly count: number;
  readonly mean: number | null;
  readonly deviation: number | null;
  /** `p05` to `p95`. */
  readonly quantiles: Readonly<Record<string, number | null>>;
}

export interface HorizonOutcomes {
  readonly horizon: string;
  /** Moments whose outcome was known, which the neighbours were chosen from. */
  readonly candidates: number;
  /** How many independent outcomes the neighbours are worth: those that share minutes share news. */
  readonly effective_size: number;
  /** Log-returns at the question's own volatility; where it has none, in deviations of each moment's last hour. */
  readonly return: ComparedOutcomes & { readonly unit: 'log-return' | 'hour deviations' };
  /** Volatility over that of each moment's own last hour. The mean is geometric; the deviation that of logarithms. */
  readonly volatility_ratio: ComparedOutcomes;
  readonly probability_up: number | null;
  readonly usual_probability_up: number | null;
}

export interface ComparedOutcomes {
  readonly neighbours: OutcomeDistribution;
  /** Of all moments at that time of day, or of a sample of them. */
  readonly usual: OutcomeDistribution;
  /** How often random moments of the same hours differ from the usual as much. */
  readonly p_value: number;
}

/** Volatility over a horizon, a square-root second. */
export interface HorizonForecast {
  readonly horizon: string;
  /** The last hour's. */
  readonly level: number;
  /** The level times what a locally weighted linear fit over the neighbours makes of it. */
  readonly volatility: number;
  /** The same by the weighted mean of the neighbours. */
  readonly volatility_by_mean: number;
  /** That is to hold 80 % of outcomes; null where the memory has no errors of its own to make one of. */
  readonly band: { readonly low: number; readonly high: number; readonly coverage: number } | null;
  /** Neighbours that the fit rests on. */
  readonly neighbours: number;
}

/** How one search was done. */
export interface SearchFacts {
  readonly table: string;
  readonly index: string | null;
  readonly index_type: string | null;
  /** Rows of the table when it was asked. */
  readonly rows: number;
  /** Rows that the filter let through. */
  readonly candidates: number;
  readonly exact: boolean;
  readonly nprobes: number | null;
  readonly rows_not_indexed: number;
  /** Share of true nearest neighbours that searches like the last ones found; null where every search is exact or nothing was measured. */
  readonly recall: number | null;
}

/** How an answer was found, so that it can be judged and repeated. */
export interface SimilarReceipt extends SearchFacts {
  readonly space: SimilarSpace | 'path';
  /** Null where none was asked. */
  readonly memory: ReceiptMemory | null;
  /** With space text or hybrid. */
  readonly model?: string;
  readonly template?: string;
  /** With space hybrid: how the text space was searched. */
  readonly text?: SearchFacts;
  /** What `asOf` was, given or by default; null where nothing was hidden. */
  readonly as_of: string | null;
  /** Neighbours that have a flag, by flag. */
  readonly flags: Readonly<Record<string, number>>;
  /** Neighbours that come from a simulated market. */
  readonly simulated: number;
  readonly elapsed_ms: number;
  readonly phases_ms: {
    readonly question: number;
    readonly search: number;
    readonly outcomes: number;
    readonly paths: number;
    readonly forecast: number;
  };
}

export interface ReceiptMemory {
  readonly id: string;
  readonly signature: string;
  /** From this time on all that it is made of was known. */
  readonly known_at: string;
  readonly scaler: { readonly fitted_from: string; readonly fitted_to: string; readonly rows: number };
  /** What the memory was found to be worth on days that it had not seen. */
  readonly skill: MemorySkillDto | null;
}
