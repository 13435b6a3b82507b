/** The moments that searches are measured on: recorded ones as far as there are any, simulated ones behind them. */
import { secondUs, usFromIso } from '@hindcast/contracts';
import { aroundTheClock, sideCodes, wordAt } from '@hindcast/market';
import { InstrumentMoments, MomentColumns, MomentRecorder, baseMemory, defaultHorizons } from '@hindcast/memory';
import { readRecordedTrades, whyNoRecordedTrades } from '../ingest/recorded-trades.mjs';

/** @typedef {import('@hindcast/memory').MomentColumns} Moments */

export const stateIntervalMs = 1_000;
export const definition = baseMemory({ stateIntervalMs, horizons: defaultHorizons });

const daySeconds = 86_400;
const simulatedFromUs = usFromIso('2014-01-06T00:00:00Z') ?? 0;
/** The first hour of a stretch has no moments. */
const secondsBeforeFirst = 3_600;

/**
 * At a one-second interval, every horizon with it.
 * @param {number} count
 * @param {{ isSmall: boolean }} options
 */
export async function benchMoments(count, { isSmall }) {
  const columns = new MomentColumns(definition.horizons);
  if (whyNoRecordedTrades() === undefined) await record(columns, isSmall);
  const recorded = Math.min(columns.length, count);
  for (let number = 0; columns.length < count; number += 1) simulate(columns, number, Math.min(daySeconds, count - columns.length));
  return { columns, recorded, rows: Int32Array.from({ length: count }, (_, row) => row) };
}

/** @param {Moments} columns @param {boolean} isSmall */
async function record(columns, isSmall) {
  const { admitted } = await readRecordedTrades({ batchRows: 20_000, isSmall });
  /** @type {Map<string, InstrumentMoments>} */
  const instruments = new Map();
  for (const { trades } of admitted) {
    for (let row = 0; row < trades.length; row += 1) {
      const [market, symbol] = [wordAt(trades.market, row), wordAt(trades.symbol, row)];
      let moments = instruments.get(symbol);
      if (moments === undefined) {
        moments = new InstrumentMoments({ instrument: { market, symbol }, stateIntervalMs, columns });
        instruments.set(symbol, moments);
      }
      const sideSign = trades.side[row] === sideCodes.buy ? 1 : trades.side[row] === sideCodes.sell ? -1 : 0;
      moments.fold({
        timeUs: trades.timeUs[row],
        price: trades.price[row],
        size: trades.size[row],
        sideSign,
        late: false,
        inHindsight: false,
        sideInferred: false,
      });
    }
  }
  for (const moments of instruments.values()) moments.advance(Infinity);
}

/**
 * Days of one symbol whose volatility wanders within minutes and within hours, and whose volume goes with it.
 * @param {Moments} columns @param {number} number @param {number} moments
 */
function simulate(columns, number, moments) {
  const next = numbers(number + 1);
  const normal = () => next() + next() + next() + next() - 2;
  const recorder = new MomentRecorder({
    instrument: { market: 'simulated/spot', symbol: `SIM${number}` },
    calendar: aroundTheClock,
    stateIntervalMs,
    columns,
  });
  const until = columns.length + moments;
  let [price, minutes, hours] = [100, 0, 0];
  for (let second = 0; columns.length < until && second < daySeconds + secondsBeforeFirst; second += 1) {
    minutes += -minutes / 600 + 0.03 * normal();
    hours += -hours / 7_200 + 0.012 * normal();
    const activity = Math.exp(minutes + hours);
    const open = price;
    price *= Math.exp(1e-4 * activity * normal());
    if (next() < 0.1) continue;
    const volume = 1 + Math.floor(next() * 500 * activity);
    recorder.append({
      startUs: simulatedFromUs + second * secondUs,
      open,
      high: Math.max(open, price),
      low: Math.min(open, price),
      close: price,
      volume,
      notional: price * volume,
      signedVolume: Math.round((2 * next() - 1) * volume),
      trades: 1 + Math.floor(next() * 5 * activity),
    });
  }
}

/** Numerical Recipes' generator: every run has the same bars. @param {number} seed */
function numbers(seed) {
  let state = Math.imul(seed, 2_654_435_761) >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
