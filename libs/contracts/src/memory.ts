/** What `/v1/memory` tells of the market's memories. */

/** What a memory was found to be worth on days that it had not learned from. */
export interface MemorySkillDto {
  readonly from: string;
  readonly to: string;
  readonly days: number;
  readonly moments: number;
  readonly by_horizon: Readonly<Record<string, HorizonSkillDto>>;
}

export interface HorizonSkillDto {
  /** R2 of log volatility: the memory's, and that of the better HAR on the same moments. */
  readonly volatility: number;
  readonly volatility_of_har: number;
  /** Share of outcomes that the 80 % band held. */
  readonly coverage: number;
  /** Brier score of the chance of a rise, and that of its usual share at the time of day; 0.25 is a coin. */
  readonly direction: number;
  readonly direction_of_usual: number;
  /** How likely chance alone makes such a difference: the least p of the instruments, after Holm. */
  readonly direction_p_value: number;
}

/** `GET /v1/skill` */
export interface SkillDto {
  readonly memory: string;
  readonly in_use: boolean;
  /** Means over the instruments; null where it has not been measured. */
  readonly skill: MemorySkillDto | null;
  readonly instruments: readonly InstrumentSkillDto[];
  /** What it comes to, in plain sentences. */
  readonly words: readonly string[];
}

export interface InstrumentSkillDto {
  readonly market: string;
  readonly symbol: string;
  readonly by_horizon: Readonly<Record<string, HorizonSkillDto>>;
}

export interface MemoryIndexDto {
  /** Null where every search compares with every row. */
  readonly name: string | null;
  readonly type: string | null;
  readonly partitions: number | null;
  readonly segments: number;
  readonly rows_not_indexed: number;
  readonly recall: number | null;
}

export interface MemorySpanDto {
  readonly market: string;
  readonly symbol: string;
  readonly from: string;
  readonly to: string;
}

export interface MemoryDto {
  readonly id: string;
  readonly in_use: boolean;
  readonly interval_ms: number;
  readonly horizons: readonly string[];
  /** From this event time on everything in its definition was known. */
  readonly known_at: string;
  readonly fitted: { readonly from: string; readonly to: string; readonly moments: number };
  /** Of the components that count. */
  readonly weights: Readonly<Record<string, number>>;
  readonly skill: MemorySkillDto | null;
  readonly rows: number;
  /** Session days that are whole: with every outcome that there is. */
  readonly spans: readonly MemorySpanDto[];
  readonly index: MemoryIndexDto;
  readonly size_bytes: number;
  readonly fragments: number;
}

/** What brings the memory in use up to each instrument's clock. */
export interface MemoryKeeperDto {
  readonly memory: string | null;
  /** Written since the start. */
  readonly rows: number;
  /** Whose last sessions it keeps in memory. */
  readonly instruments: number;
  /** Event time that the instrument furthest behind is behind its clock; null while one was not looked at. */
  readonly behind_seconds: number | null;
  /** Why it is not kept up, or an instrument of it. */
  readonly failure: string | null;
}

export interface MemoryJobDto {
  readonly id: string;
  readonly kind: 'fit' | 'build';
  readonly memory: string;
  /** All instruments where it is null. */
  readonly symbols: readonly string[] | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  /** 0 to 1. */
  readonly progress: number;
  /** Made so far; those of a build are stored. */
  readonly moments: number;
  readonly moments_per_second: number;
  /** Null while it cannot be said. */
  readonly remaining_seconds: number | null;
  /** Session days of instruments that lie in the span, and those of them that were whole before. */
  readonly sessions: number;
  readonly sessions_skipped: number;
  /** Instruments whose newest trades the store does not show, as after retention has dropped them, each with the reason: nothing of them was read. */
  readonly left_out: readonly string[];
  readonly error?: string;
}

/** `GET /v1/memory` */
export interface MemoriesDto {
  /** Null before the first start has made one. */
  readonly in_use: string | null;
  /** Oldest first. */
  readonly memories: readonly MemoryDto[];
  readonly keeper: MemoryKeeperDto;
  /** Newest first. */
  readonly jobs: readonly MemoryJobDto[];
}

/** `POST /v1/memory/fits` */
export interface MemoryFitRequest {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly symbols?: readonly string[];
  readonly intervalMs?: number;
  readonly horizons?: readonly string[];
  readonly search?: 'keep' | 'dropping';
}

/** `POST /v1/memory/builds` */
export interface MemoryBuildRequest {
  readonly memory: string;
  readonly from?: string;
  readonly to?: string;
  readonly symbols?: readonly string[];
  /** False leaves the skill as it is; else it is measured anew at the end. */
  readonly measure?: boolean;
}
