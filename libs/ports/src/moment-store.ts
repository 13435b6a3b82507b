import type { MemoryDefinition, MemorySkill, MomentColumns, SignatureComponentName } from '@hindcast/memory';
import type { Instrument } from '@hindcast/market';
import type { Regime } from '@hindcast/contracts';
import type { SearchedRows } from './vector-store.js';

/**
 * The market's memories: moments as signatures, with what followed each. Several stand side by side, one is in use. One
 * writing process; rows merge on (symbol, timestamp, market). Whatever names a memory that is not there throws MEMORY_UNKNOWN.
 */
export interface MomentStore {
  /** Creates what every memory needs where it is missing (migrations call it); safe to repeat. */
  ensureTables(): Promise<void>;
  /** Oldest first. */
  memories(): Promise<readonly StoredMemory[]>;
  /** MEMORY_EXISTS where there is one of this id with another definition; the same one again changes nothing. */
  create(definition: MemoryDefinition): Promise<void>;
  /** From here on questions that name no memory are asked of this one; one change, seen whole or not at all. */
  use(id: string): Promise<void>;
  recordSkill(id: string, skill: MemorySkill): Promise<void>;
  /** With its rows. MEMORY_IN_USE for the one in use. */
  drop(id: string): Promise<void>;

  /** Inserts or replaces the given rows of `moments`; resolves when they are in a committed version. */
  upsert(id: string, moments: MomentColumns, rows: Int32Array): Promise<void>;
  /** The span of an instrument is in the memory, whole, from now on: where a build that was cut off goes on. */
  recordSpan(id: string, span: MemorySpan): Promise<void>;
  /** Joined where they touch, ordered by (market, symbol, from). */
  spans(id: string): Promise<readonly MemorySpan[]>;
  /** A session that came late as a whole is in the memory, and what its moments and those around it follow from too. */
  recordLateSession(id: string, session: LateSession): Promise<void>;
  /** The last that was recorded of each, ordered by (market, symbol, open). */
  lateSessions(id: string): Promise<readonly LateSession[]>;

  /** The k nearest moments, nearest first, equally near ones in the order (time, symbol, market). */
  search(id: string, query: MomentQuery): Promise<MomentSearchResult>;
  /** Moments that pass the filter, ordered by (timestamp, symbol, market), at most `limit` of them. */
  moments(id: string, filter: MomentFilter, limit?: number): Promise<MomentColumns>;
  count(id: string, filter: MomentFilter): Promise<number>;
  /** The moments with these keys that there are. */
  find(id: string, keys: readonly MomentKey[]): Promise<MomentColumns>;
  /** The newest moment of an instrument at or before a time. */
  newest(id: string, instrument: Instrument, atUs: number): Promise<MomentColumns>;

  /** Builds, renews or compacts where enough has come since; long, so call it in the background. True where something was done. */
  optimize(id: string): Promise<boolean>;
  stats(id: string): Promise<MomentStoreStats>;
  close(): Promise<void>;
}

export interface StoredMemory {
  readonly definition: MemoryDefinition;
  readonly inUse: boolean;
}

export interface MomentKey extends Instrument {
  readonly timeUs: number;
}

/** `fromUs` inclusive, `toUs` exclusive. */
export interface MemorySpan extends Instrument {
  readonly fromUs: number;
  readonly toUs: number;
}

export interface LateSession extends Instrument {
  readonly openUs: number;
  /** What came after this trade of the instrument is not in it. */
  readonly throughSequence: number;
}

/** What is left out does not narrow anything. */
export interface MomentFilter {
  readonly symbols?: readonly string[];
  readonly market?: string;
  /** Inclusive. */
  readonly fromUs?: number;
  /** Exclusive. */
  readonly toUs?: number;
  /** Moments that had been at this time: timestamp <= asOfUs. Outcomes known later are hidden: they come as unknown. */
  readonly asOfUs?: number;
  /** Only moments whose outcome at this horizon was known by `asOfUs` (or is known at all), and does not cross a close. */
  readonly knownHorizon?: string;
  /** Leaves out moments of every instrument nearer than `withinUs` to `timeUs`: they live through the same minutes. */
  readonly exclude?: { readonly timeUs: number; readonly withinUs: number };
  /** Leaves out stretches of single instruments: what was found before, and what stands too near to it. At most a few hundred. */
  readonly except?: readonly MomentStretch[];
  readonly regimes?: readonly Regime[];
  /** Raw components within bounds, both inclusive; a masked one is in none. */
  readonly components?: readonly { readonly name: SignatureComponentName; readonly min?: number; readonly max?: number }[];
  /** A reproducible sample: moments whose `draw`, uniform on [0, 1) and made of the key alone, is below this. */
  readonly drawBelow?: number;
}

/** Moments of an instrument within bounds, neither included, or of a session's day. */
export interface MomentStretch extends Instrument {
  readonly afterUs?: number;
  readonly beforeUs?: number;
  /** Days since the epoch. */
  readonly day?: number;
}

export interface MomentQuery {
  /** Standardised by the memory's own version (`standardised` of libs/memory). */
  readonly vector: Float32Array;
  readonly k: number;
  readonly filter: MomentFilter;
  readonly search: 'auto' | 'exact';
}

export interface MomentSearchResult extends SearchedRows {
  /** In the order of distance, with signatures and outcomes. */
  readonly moments: MomentColumns;
  /** As they were compared, a row a moment. */
  readonly vectors: Float32Array;
  /** Euclidean, summed in double precision in the order of components. */
  readonly distances: Float64Array;
}

export interface MomentStoreStats {
  readonly rows: number;
  readonly index: string | null;
  readonly indexType: string | null;
  readonly partitions: number | null;
  readonly rowsNotIndexed: number;
  readonly indexSegments: number;
  readonly sizeBytes: number;
  readonly fragments: number;
  /** Share of the ten nearest that the index found lately, of sampled searches and of rows of the table, against exact ones; null without an index. */
  readonly recall: number | null;
}
