import type { Regime } from '@hindcast/contracts';
import { instrumentKey, type Instrument } from '@hindcast/market';
import type { PhysicsState, StateMode } from '@hindcast/physics';
import type { StateRow, StateStore, TickRange } from '@hindcast/ports';
import { askRows } from './ask-rows.js';
import { ChunkWriter } from './chunk-writer.js';
import type { EmbeddedDatabase } from './embedded-database.js';
import { inParallel } from './in-parallel.js';
import type { InstrumentFile, InstrumentFiles } from './instrument-files.js';
import { timeLiteral, whole } from './sql.js';
import { StagedRows } from './staged-rows.js';
import { stateLayout } from './table-layouts.js';

/** States of one piece, a megabyte. */
const pageRowsMax = 8_192;
const commitsAtOnce = 4;
/** Times that one statement names. */
const timesMax = 1_000;

const numbers = ['mass', 'velocity', 'momentum', 'friction', 'entropy', 'nashDistance'] as const satisfies readonly (keyof PhysicsState)[];
const sums = ['price', 'volume', 'signedVolume'] as const satisfies readonly (keyof PhysicsState)[];

const stateSelect =
  'epoch_us(timestamp)::DOUBLE, mass, velocity, momentum, friction, entropy, nash_dist, alpha_coefficient, price, volume, signed_volume, ' +
  'trades::DOUBLE, regime, mode';

/** States in the files of their instruments: a state is replaced by a later one of the same time. */
export class DuckDbStateStore implements StateStore {
  readonly #files: InstrumentFiles;
  readonly #database: EmbeddedDatabase;
  readonly #chunks = new ChunkWriter();

  constructor(files: InstrumentFiles, database: EmbeddedDatabase) {
    this.#files = files;
    this.#database = database;
  }

  async writeStates(states: readonly PhysicsState[], mode: StateMode): Promise<void> {
    const ofInstruments = [...Map.groupBy(states, instrumentKey).values()];
    await inParallel(ofInstruments, commitsAtOnce, ([first, ...rest]) =>
      this.#files.useOrMake(first, (file) => this.#write(file, newestOfEachTime([first, ...rest]), mode)),
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
      found.push(...((await this.#files.use(instrument, (file) => this.#read(file, condition))) ?? []));
    }
    return found.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  async #write({ file, words }: InstrumentFile, states: readonly PhysicsState[], mode: StateMode): Promise<void> {
    try {
      await file.write(async (writer) => {
        const [[newestUs]] = await askRows<[number | null]>(writer, 'SELECT epoch_us(max(timestamp))::DOUBLE FROM state_rows');
        const replaced = states.filter(({ timeUs }) => timeUs <= (newestUs ?? -1)).map(({ timeUs }) => timeLiteral(timeUs));
        for (let from = 0; from < replaced.length; from += timesMax)
          await writer.run(`DELETE FROM state_rows WHERE timestamp IN (${replaced.slice(from, from + timesMax).join(', ')})`);
        const regimes = [...new Set(states.map(({ regime }) => regime))];
        const [modeCode, ...codes] = await words.codes(writer, [mode, ...regimes]);
        const codeOf = new Map(regimes.map((regime, at) => [regime, codes[at]]));
        await this.#chunks.append(writer, staged(states, modeCode, codeOf));
        return undefined;
      });
    } catch (error) {
      words.forgetWritten();
      throw error;
    }
  }

  async #read({ instrument, file }: InstrumentFile, condition: string): Promise<readonly StateRow[]> {
    const sql = `SELECT ${stateSelect} FROM ${file.table('market_states')} WHERE ${condition}`;
    const rows = await this.#database.read((reader) => askRows<StateValues>(reader, sql));
    return rows.map((row) => stateRow(row, instrument));
  }
}

/** Of several states of one time the last one counts, as it would had they come one by one. */
function newestOfEachTime(states: readonly PhysicsState[]): readonly PhysicsState[] {
  return [...new Map(states.map((state) => [state.timeUs, state])).values()].toSorted((a, b) => a.timeUs - b.timeUs);
}

function staged(states: readonly PhysicsState[], modeCode: number, codeOf: ReadonlyMap<string, number>): StagedRows {
  const rows = new StagedRows(stateLayout);
  rows.reserve(states.length);
  const [time, mass, velocity, momentum, friction, entropy, nash, alpha, regime, price, volume, signedVolume, trades, mode] = rows.columns;
  const [ofNumbers, ofSums] = [
    [mass, velocity, momentum, friction, entropy, nash],
    [price, volume, signedVolume],
  ];
  for (const state of states) {
    const at = rows.length++;
    time.setWhole(at, state.timeUs);
    numbers.forEach((name, column) => (ofNumbers[column].values[at] = state[name]));
    if (state.alphaCoefficient === null) alpha.setNull(at);
    else alpha.values[at] = state.alphaCoefficient;
    regime.values[at] = codeOf.get(state.regime) ?? 0;
    sums.forEach((name, column) => (ofSums[column].values[at] = state[name]));
    trades.setWhole(at, state.trades);
    mode.values[at] = modeCode;
  }
  return rows;
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
