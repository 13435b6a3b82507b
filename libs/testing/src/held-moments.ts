import { HindcastError } from '@hindcast/contracts';
import { instrumentKey } from '@hindcast/market';
import {
  MomentColumns,
  drawOf,
  isSameMemory,
  outcomeMarks,
  regimeCodes,
  signatureNames,
  signatureSize,
  standardised,
  type MemoryDefinition,
} from '@hindcast/memory';
import { assertVectorQuestion, joinedSpans, momentsFoundMax } from '@hindcast/ports';
import type {
  LateSession,
  MemorySpan,
  MomentFilter,
  MomentKey,
  MomentQuery,
  MomentSearchResult,
  MomentStore,
  MomentStoreStats,
  MomentStretch,
  StoredMemory,
} from '@hindcast/ports';

interface Held {
  definition: MemoryDefinition;
  /** Rows that were replaced stay in it, and nobody finds them. */
  columns: MomentColumns;
  rows: Map<string, number>;
  spans: readonly MemorySpan[];
  lateSessions: Map<string, LateSession>;
}

/** The port in a map: exact, slow, and short enough to be seen right. For tests of what is written against the port. */
export class HeldMoments implements MomentStore {
  readonly #memories = new Map<string, Held>();
  #inUse: string | undefined;

  async ensureTables(): Promise<void> {
    // A map has none.
  }

  async memories(): Promise<readonly StoredMemory[]> {
    return [...this.#memories.values()].map(({ definition }) => ({ definition, inUse: definition.id === this.#inUse }));
  }

  async create(definition: MemoryDefinition): Promise<void> {
    const there = this.#memories.get(definition.id)?.definition;
    if (there === undefined) {
      const columns = new MomentColumns(definition.horizons);
      this.#memories.set(definition.id, { definition, columns, rows: new Map(), spans: [], lateSessions: new Map() });
    } else if (!isSameMemory(there, definition)) throw new HindcastError('MEMORY_EXISTS');
  }

  async use(id: string): Promise<void> {
    this.#held(id);
    this.#inUse = id;
  }

  async recordSkill(id: string, skill: MemoryDefinition['skill']): Promise<void> {
    const held = this.#held(id);
    held.definition = { ...held.definition, skill };
  }

  async drop(id: string): Promise<void> {
    this.#held(id);
    if (id === this.#inUse) throw new HindcastError('MEMORY_IN_USE');
    this.#memories.delete(id);
  }

  async upsert(id: string, moments: MomentColumns, rows: Int32Array): Promise<void> {
    const held = this.#held(id);
    for (const row of rows) {
      const key = keyOf({ ...moments.instruments[moments.instrument[row]], timeUs: moments.timeUs[row] });
      held.rows.set(key, held.columns.addFrom(moments, row));
    }
  }

  async recordSpan(id: string, span: MemorySpan): Promise<void> {
    const held = this.#held(id);
    held.spans = joinedSpans([...held.spans, span]);
  }

  async spans(id: string): Promise<readonly MemorySpan[]> {
    return this.#held(id).spans;
  }

  async recordLateSession(id: string, session: LateSession): Promise<void> {
    this.#held(id).lateSessions.set(`${instrumentKey(session)} ${session.openUs}`, session);
  }

  async lateSessions(id: string): Promise<readonly LateSession[]> {
    const sessions = [...this.#held(id).lateSessions.values()];
    return sessions.sort((one, other) => instrumentKey(one).localeCompare(instrumentKey(other)) || one.openUs - other.openUs);
  }

  async search(id: string, { vector, k, filter }: MomentQuery): Promise<MomentSearchResult> {
    const held = this.#held(id);
    const dimensions = held.definition.signature.weights.filter((weight) => weight > 0).length;
    assertVectorQuestion({ vector, k }, { dimensions, kMax: momentsFoundMax });
    const all = this.#passing(held, filter);
    const { vectors, size } = standardised(held.definition.signature, all);
    const distances = Float64Array.from({ length: all.length }, (_, row) => {
      let sum = 0;
      for (let place = 0; place < size; place += 1) sum += (vectors[row * size + place] - vector[place]) ** 2;
      return Math.sqrt(sum);
    });
    const order = Int32Array.from({ length: all.length }, (_, row) => row)
      .sort((one, other) => distances[one] - distances[other] || one - other)
      .slice(0, k);
    const moments = new MomentColumns(held.definition.horizons);
    for (const row of order) moments.addFrom(all, row);
    const facts = { index: null, rows: held.rows.size, candidates: all.length, exact: true, nprobes: null, rowsNotIndexed: held.rows.size };
    return {
      ...facts,
      moments,
      distances: Float64Array.from(order, (row) => distances[row]),
      vectors: standardised(held.definition.signature, moments).vectors,
    };
  }

  async moments(id: string, filter: MomentFilter, limit = Infinity): Promise<MomentColumns> {
    const all = this.#passing(this.#held(id), filter);
    const moments = new MomentColumns(all.horizons);
    for (let row = 0; row < Math.min(limit, all.length); row += 1) moments.addFrom(all, row);
    return moments;
  }

  async count(id: string, filter: MomentFilter): Promise<number> {
    return this.#passing(this.#held(id), filter).length;
  }

  async find(id: string, keys: readonly MomentKey[]): Promise<MomentColumns> {
    const { rows, columns, definition } = this.#held(id);
    const moments = new MomentColumns(definition.horizons);
    for (const key of keys) {
      const row = rows.get(keyOf(key));
      if (row !== undefined) moments.addFrom(columns, row);
    }
    return moments;
  }

  async newest(id: string, { market, symbol }: MomentKey, atUs: number): Promise<MomentColumns> {
    const all = this.#passing(this.#held(id), { symbols: [symbol], market, asOfUs: atUs });
    const moments = new MomentColumns(all.horizons);
    if (all.length > 0) moments.addFrom(all, all.length - 1);
    return moments;
  }

  async optimize(id: string): Promise<boolean> {
    this.#held(id);
    return false;
  }

  async stats(id: string): Promise<MomentStoreStats> {
    const rows = this.#held(id).rows.size;
    const noIndex = { index: null, indexType: null, partitions: null, indexSegments: 0, recall: null };
    return { ...noIndex, rows, rowsNotIndexed: rows, sizeBytes: 0, fragments: 0 };
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  #held(id: string): Held {
    const held = this.#memories.get(id);
    if (!held) throw new HindcastError('MEMORY_UNKNOWN', `There is no memory ${JSON.stringify(id)}.`);
    return held;
  }

  /** By (timestamp, symbol, market); outcomes that were not known are left out. */
  #passing({ columns, rows, definition }: Held, filter: MomentFilter): MomentColumns {
    const { asOfUs = Infinity, knownHorizon } = filter;
    if (knownHorizon !== undefined && !definition.horizons.some(({ id }) => id === knownHorizon)) {
      throw new HindcastError('FIELD_INVALID', `horizon: ${JSON.stringify(knownHorizon)} is none of this memory.`);
    }
    const passing = [...rows.values()].filter((row) => passes(columns, row, filter)).sort(byTime(columns));
    const moments = new MomentColumns(definition.horizons);
    for (const row of passing) moments.addFrom(columns, row, (knownAtUs) => knownAtUs <= asOfUs);
    return moments;
  }
}

function passes(columns: MomentColumns, row: number, filter: MomentFilter): boolean {
  const {
    symbols,
    market,
    fromUs = -Infinity,
    toUs = Infinity,
    asOfUs = Infinity,
    exclude,
    except = [],
    regimes,
    components = [],
    drawBelow = 1,
  } = filter;
  const instrument = columns.instruments[columns.instrument[row]];
  const timeUs = columns.timeUs[row];
  const moment = { ...instrument, timeUs, day: columns.day[row] };
  const regime = regimeCodes[columns.regime[row]];
  if (symbols !== undefined && !symbols.includes(instrument.symbol)) return false;
  if (market !== undefined && market !== instrument.market) return false;
  if (!(timeUs >= fromUs && timeUs < toUs && timeUs <= asOfUs)) return false;
  if (exclude !== undefined && Math.abs(timeUs - exclude.timeUs) < exclude.withinUs) return false;
  if (except.some((stretch) => isIn(stretch, moment))) return false;
  if (regimes !== undefined && (regime === null || !regimes.includes(regime))) return false;
  if (!(drawOf({ ...instrument, timeUs }) < drawBelow)) return false;
  return (
    components.every(({ name, min = -Infinity, max = Infinity }) => isWithin(columns, row, { name, min, max })) &&
    isKnown(columns, row, filter)
  );
}

function isIn(
  { market, symbol, afterUs = -Infinity, beforeUs = Infinity, day }: MomentStretch,
  moment: MomentKey & { readonly day: number },
): boolean {
  if (symbol !== moment.symbol || market !== moment.market) return false;
  return moment.timeUs > afterUs && moment.timeUs < beforeUs && (day ?? moment.day) === moment.day;
}

function isWithin(
  { mask, values }: MomentColumns,
  row: number,
  { name, min, max }: { readonly name: string; readonly min: number; readonly max: number },
): boolean {
  const component = signatureNames.indexOf(name as (typeof signatureNames)[number]);
  const value = values[row * signatureSize + component];
  return ((mask[row] >>> component) & 1) === 0 && value >= min && value <= max;
}

function isKnown(columns: MomentColumns, row: number, { knownHorizon, asOfUs = Infinity }: MomentFilter): boolean {
  if (knownHorizon === undefined) return true;
  const outcomes = columns.outcomes(knownHorizon);
  const horizon = columns.horizons.find(({ id }) => id === knownHorizon);
  if (!outcomes || !horizon) return false;
  const crosses = horizon.kind === 'time' ? outcomeMarks.close : 0;
  return outcomes.knownAtUs[row] <= asOfUs && (outcomes.marks[row] & crosses) === 0;
}

function byTime({ instruments, instrument, timeUs }: MomentColumns): (one: number, other: number) => number {
  const name = (row: number): string => `${instruments[instrument[row]].symbol} ${instruments[instrument[row]].market}`;
  return (one, other) => timeUs[one] - timeUs[other] || (name(one) < name(other) ? -1 : 1);
}

function keyOf({ timeUs, ...instrument }: MomentKey): string {
  return `${instrumentKey(instrument)} ${timeUs}`;
}
