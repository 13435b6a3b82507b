import type { Regime } from '@hindcast/contracts';
import { instrumentKey, type Instrument } from '@hindcast/market';
import type { PhysicsState, StateMode } from '@hindcast/physics';
import type { StateRow, StateStore, TickRange } from '@hindcast/ports';
import { askRows } from './ask-rows.js';
import type { EmbeddedDatabase } from './embedded-database.js';
import { inParallel } from './in-parallel.js';
import type { InstrumentFile, InstrumentFiles } from './instrument-files.js';
import type { InstrumentPlaces } from './instrument-places.js';
import { isOfOneFile } from './outages.js';
import { timeLiteral, whole } from './sql.js';
import { writeStateRows } from './state-rows.js';

/** States of one piece, a megabyte. */
const pageRowsMax = 8_192;
const commitsAtOnce = 4;
const stateSelect =
  'epoch_us(timestamp)::DOUBLE, mass, velocity, momentum, friction, entropy, nash_dist, alpha_coefficient, price, volume, signed_volume, ' +
  'trades::DOUBLE, regime, mode';

/** States in the files of their instruments: a state is replaced by a later one of the same time. */
export class DuckDbStateStore implements StateStore {
  readonly #files: InstrumentFiles;
  readonly #database: EmbeddedDatabase;
  readonly #places: InstrumentPlaces;

  constructor(parts: { readonly files: InstrumentFiles; readonly database: EmbeddedDatabase; readonly places: InstrumentPlaces }) {
    this.#files = parts.files;
    this.#database = parts.database;
    this.#places = parts.places;
  }

  async writeStates(states: readonly PhysicsState[], mode: StateMode): Promise<void> {
    const ofInstruments = [...Map.groupBy(states, instrumentKey).values()];
    await inParallel(ofInstruments, commitsAtOnce, (own) =>
      this.#places.write(
        own[0],
        (file) => writeStateRows(this.#places.chunks, file, { states: own, mode }),
        () => [{ kind: 'states', states: own, mode }],
      ),
    );
  }

  async *states(range: TickRange): AsyncGenerator<readonly StateRow[]> {
    const { market, symbol, toUs, signal, limit = Infinity } = range;
    let fromUs = range.after ? Math.max(range.fromUs, range.after.timeUs + 1) : range.fromUs;
    let rowsLeft = limit;
    while (rowsLeft > 0 && fromUs < toUs) {
      signal?.throwIfAborted();
      const rows = Math.min(rowsLeft, pageRowsMax);
      const condition = `timestamp >= ${timeLiteral(fromUs)} AND timestamp < ${timeLiteral(toUs)} ORDER BY timestamp LIMIT ${whole(rows)}`;
      const page = (await this.#files.use({ market, symbol }, (file) => this.#read(file, condition))) ?? [];
      signal?.throwIfAborted();
      if (page.length > 0) yield page;
      if (page.length < rows) return;
      rowsLeft -= page.length;
      fromUs = page[page.length - 1].timeUs + 1;
    }
  }

  async newestStates({
    symbols,
    market,
    asOfUs = Infinity,
  }: { readonly symbols?: readonly string[]; readonly market?: string; readonly asOfUs?: number } = {}): Promise<readonly StateRow[]> {
    const wanted = symbols && new Set(symbols);
    const found: StateRow[] = [];
    for (const instrument of await this.#files.list(market === undefined ? {} : { market })) {
      if (wanted && !wanted.has(instrument.symbol)) continue;
      const condition = `timestamp < ${timeLiteral(asOfUs + 1)} ORDER BY timestamp DESC LIMIT 1`;
      try {
        found.push(...((await this.#files.use(instrument, (file) => this.#read(file, condition))) ?? []));
      } catch (error) {
        // Who asks for all gets all that can be read; who names a symbol hears why there is nothing.
        if (wanted || !isOfOneFile(error)) throw error;
      }
    }
    return found.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  async #read({ instrument, file }: InstrumentFile, condition: string): Promise<readonly StateRow[]> {
    const sql = `SELECT ${stateSelect} FROM ${file.table('market_states')} WHERE ${condition}`;
    const rows = await this.#database.read((reader) => askRows<StateValues>(reader, sql));
    return rows.map((row) => stateRow(row, instrument));
  }
}

type StateValues = readonly [...numbers: number[], regime: string, mode: string];

/** The key order of every state is the same, so that two states are compared by their JSON. */
function stateRow(row: StateValues, { market, symbol }: Instrument): StateRow {
  const [timeUs, mass, velocity, momentum, friction, entropy, nashDistance, alpha, price, volume, signedVolume, trades] =
    row as readonly number[];
  return {
    market,
    symbol,
    timeUs,
    mass,
    velocity,
    momentum,
    friction,
    entropy,
    nashDistance,
    alphaCoefficient: alpha,
    regime: row[12] as Regime,
    price,
    volume,
    signedVolume,
    trades,
    mode: row[13] as StateMode,
  };
}

function keyOf({ symbol, market }: Instrument): string {
  return `${symbol} ${market}`;
}
