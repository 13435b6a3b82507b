import type { PhysicsState, StateMode } from '@hindcast/physics';
import { askRows } from './ask-rows.js';
import type { ChunkWriter } from './chunk-writer.js';
import type { InstrumentFile } from './instrument-files.js';
import { timeLiteral } from './sql.js';
import { StagedRows } from './staged-rows.js';
import { stateLayout } from './table-layouts.js';

/** Times that one statement names. */
const timesMax = 1_000;

const numbers = ['mass', 'velocity', 'momentum', 'friction', 'entropy', 'nashDistance'] as const satisfies readonly (keyof PhysicsState)[];
const sums = ['price', 'volume', 'signedVolume'] as const satisfies readonly (keyof PhysicsState)[];

/** States of one instrument, in the place of those of the same times. */
export async function writeStateRows(
  chunks: ChunkWriter,
  { file, words }: InstrumentFile,
  { states: given, mode }: { readonly states: readonly PhysicsState[]; readonly mode: StateMode },
): Promise<void> {
  const states = newestOfEachTime(given);
  try {
    await file.write(async (writer) => {
      const [[newestUs]] = await askRows<[number | null]>(writer, 'SELECT epoch_us(max(timestamp))::DOUBLE FROM state_rows');
      const replaced = states.filter(({ timeUs }) => timeUs <= (newestUs ?? -1)).map(({ timeUs }) => timeLiteral(timeUs));
      for (let from = 0; from < replaced.length; from += timesMax)
        await writer.run(`DELETE FROM state_rows WHERE timestamp IN (${replaced.slice(from, from + timesMax).join(', ')})`);
      const regimes = [...new Set(states.map(({ regime }) => regime))];
      const [modeCode, ...codes] = await words.codes(writer, [mode, ...regimes]);
      const codeOf = new Map(regimes.map((regime, at) => [regime, codes[at]]));
      await chunks.append(writer, staged(states, modeCode, codeOf));
      return undefined;
    });
  } catch (error) {
    words.forgetWritten();
    throw error;
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
