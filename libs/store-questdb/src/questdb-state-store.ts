import type { PhysicsState, StateMode } from '@hindcast/physics';
import { HindcastError, type Regime } from '@hindcast/contracts';
import type { StateRow, StateStore, TickRange } from '@hindcast/ports';
import { IlpEncoder } from './ilp-encoder.js';
import type { QuestDbHttp, SqlRow, SqlValue } from './questdb-http.js';
import type { QuestDbSchema } from './questdb-schema.js';
import { pages } from './questdb-tick-reader.js';
import { literal, literals, timeLiteral, where } from './sql.js';

/** States of one request, about two megabytes. */
const stateRowsMax = 10_000;

const stateSelect =
  'timestamp::long, symbol, market, mass, velocity, momentum, friction, entropy, nash_dist, alpha_coefficient, regime, ' +
  'price, volume, signed_volume, trades, mode';

/** `market_states`: a state is replaced by a later one of the same time, symbol and market. */
export class QuestDbStateStore implements StateStore {
  readonly #http: QuestDbHttp;
  readonly #schema: QuestDbSchema;

  constructor(http: QuestDbHttp, schema: QuestDbSchema) {
    this.#http = http;
    this.#schema = schema;
  }

  async writeStates(states: readonly PhysicsState[], mode: StateMode): Promise<void> {
    await this.#schema.require();
    for (let from = 0; from < states.length; from += stateRowsMax) {
      const encoder = new IlpEncoder();
      encoder.states(states.slice(from, from + stateRowsMax).map((state) => ({ ...state, mode })));
      const answer = await this.#http.write(encoder.body());
      if (answer.kind === 'refused') throw new HindcastError('STORE_REFUSED', `QuestDB refused a state: ${answer.message}`);
    }
    await this.#schema.verify();
  }

  async *states(range: TickRange): AsyncGenerator<readonly StateRow[]> {
    for await (const rows of pages(this.#http, { table: 'market_states', select: stateSelect, range })) yield rows.map(stateRow);
  }

  async newestStates({
    symbols,
    market,
    asOfUs,
  }: { readonly symbols?: readonly string[]; readonly market?: string; readonly asOfUs?: number } = {}): Promise<readonly StateRow[]> {
    if (symbols?.length === 0) return [];
    const conditions = where([
      symbols === undefined ? undefined : `symbol IN (${literals(symbols)})`,
      market === undefined ? undefined : `market = ${literal(market)}`,
      asOfUs === undefined ? undefined : `timestamp <= ${timeLiteral(asOfUs)}`,
    ]);
    const rows = await this.#http.query(
      `SELECT ${stateSelect} FROM (market_states${conditions} LATEST ON timestamp PARTITION BY symbol, market) ORDER BY symbol, market`,
    );
    return rows.map(stateRow);
  }
}

/** The key order of every state is the same, so that two states are compared by their JSON. */
function stateRow(row: SqlRow): StateRow {
  const number = (column: number): number => numberOf(row[column]);
  return {
    market: row[2] as string,
    symbol: row[1] as string,
    timeUs: number(0),
    mass: number(3),
    velocity: number(4),
    momentum: number(5),
    friction: number(6),
    entropy: number(7),
    nashDistance: number(8),
    alphaCoefficient: row[9] as number | null,
    regime: row[10] as Regime,
    price: number(11),
    volume: number(12),
    signedVolume: number(13),
    trades: number(14),
    mode: row[15] as StateMode,
  };
}

function numberOf(value: SqlValue): number {
  return typeof value === 'number' ? value : NaN;
}
