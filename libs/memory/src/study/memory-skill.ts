import type { HorizonSkill, MemorySkill } from '../memory-definition.js';
import { drawOf } from '../moments/draw.js';
import { MomentColumns } from '../moments/moment-columns.js';
import type { SignatureVersion } from '../signature/signature-version.js';
import { cellsOf, codesOf, meanRow, ofInstrument, ours, testsOf, type Cell } from './cells.js';
import type { DayScore } from './evaluate.js';
import { harForAll, harPerSymbol, unconditional } from './forecasters.js';
import { localFit } from './run-study.js';
import { holmCorrected } from './scores.js';
import type { Comparison } from './skill-report.js';

/** Newest days, instruments and moments that a memory is measured on: enough for a second decimal, and half a minute's work. */
export const skillDaysMax = 30;
const instrumentsMax = 16;
const momentsMax = 12_000;

/** The whole measurement at once. */
export function skillOf(columns: MomentColumns, version: Pick<SignatureVersion, 'weights'>): MemorySkill {
  const steps = skillSteps(columns, version);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * What a memory's way of comparing moments is worth on stored days: each foretold from those before it and nothing else, scaler
 * included, beside the HARs and the usual share of rises. The same moments give the same skill. Seconds: each step says what
 * comes next, and is the place to stop.
 */
export function* skillSteps(columns: MomentColumns, { weights }: Pick<SignatureVersion, 'weights'>): Generator<string, MemorySkill, void> {
  const moments = thinned(columns);
  const stateIntervalMs = meanIntervalMs(moments);
  const forecasters = [unconditional, harPerSymbol, harForAll, localFit(weights)];
  const measured: Measured[] = [];
  for (const { id: horizon } of moments.horizons) {
    const wanted = { forecasters, targets: ['volatility', 'return'] as const, protocol: 'walkForward' as const, horizon };
    const [volatility, returns] = yield* cellsOf(moments, wanted);
    const tests = testsOf(moments, returns, { stateIntervalMs }).filter(({ against }) => against === unconditional.id);
    measured.push({ horizon, volatility, returns, tests });
  }
  return summed(moments, withCorrection(measured));
}

interface Measured {
  readonly horizon: string;
  readonly volatility: Cell;
  readonly returns: Cell;
  /** Of the direction, by instrument in their order. */
  readonly tests: readonly Comparison[];
}

/** One alarm among all horizons and instruments is one too many. */
function withCorrection(measured: readonly Measured[]): readonly Measured[] {
  const corrected = holmCorrected(measured.flatMap(({ tests }) => tests.map(({ pValue }) => pValue)));
  let place = 0;
  return measured.map((one) => ({ ...one, tests: one.tests.map((test) => ({ ...test, pCorrected: corrected[place++] })) }));
}

function summed(moments: MomentColumns, measured: readonly Measured[]): MemorySkill {
  const codes = [...new Set(measured.flatMap(({ volatility }) => codesOf(ourDays(volatility))))].sort((one, other) => one - other);
  const foretold = new Set(measured.flatMap(({ volatility }) => ourDays(volatility).map(({ day }) => day)));
  const rows = Array.from({ length: moments.length }, (_, row) => row).filter((row) => foretold.has(moments.day[row]));
  const times = rows.map((row) => moments.timeUs[row]);
  const byHorizonOf = (code?: number): Record<string, HorizonSkill> =>
    Object.fromEntries(
      measured.flatMap((one) => {
        const skill = horizonSkill(one, code);
        return Object.values(skill).every(Number.isFinite) ? [[one.horizon, skill]] : [];
      }),
    );
  return {
    fromUs: times.reduce((least, time) => Math.min(least, time), times[0] ?? 0),
    toUs: times.reduce((most, time) => Math.max(most, time), times[0] ?? 0),
    days: foretold.size,
    moments: measured.reduce((most, { volatility }) => Math.max(most, foretoldMoments(volatility)), 0),
    byHorizon: byHorizonOf(),
    byInstrument: codes.map((code) => ({ ...moments.instruments[code], byHorizon: byHorizonOf(code) })),
  };
}

function foretoldMoments(cell: Cell): number {
  return ourDays(cell).reduce((sum, { squaredErrors }) => sum + squaredErrors.length, 0);
}

function ourDays({ scored }: Cell, forecaster: string = ours): readonly DayScore[] {
  return scored.find((one) => one.forecaster === forecaster)?.days ?? [];
}

function horizonSkill({ volatility, returns, tests }: Measured, code: number | undefined): HorizonSkill {
  const score = (cell: Cell, forecaster: string) => {
    const days = ourDays(cell, forecaster);
    return meanRow(code === undefined ? days : ofInstrument(days, code), { ...cell.key, forecaster, symbol: null });
  };
  const mine = score(volatility, ours);
  const codes = codesOf(ourDays(returns));
  const pValues = tests
    .filter((test, place) => test.meanDifference > 0 && (code === undefined || codes[place] === code))
    .map(({ pCorrected }) => pCorrected);
  return {
    volatility: mine.rSquared,
    volatilityOfHar: Math.max(score(volatility, harPerSymbol.id).rSquared, score(volatility, harForAll.id).rSquared),
    coverage: mine.coverage,
    direction: score(returns, ours).brier ?? NaN,
    directionOfUsual: score(returns, unconditional.id).brier ?? NaN,
    directionPValue: Math.min(1, ...pValues),
  };
}

/** The newest days of some instruments, of many moments a sample; horizons in time alone. */
function thinned(columns: MomentColumns): MomentColumns {
  const { length, day, instrument, timeUs, instruments } = columns;
  const newest = new Set([...new Set(day.subarray(0, length))].sort((one, other) => one - other).slice(-skillDaysMax));
  const every = Math.ceil(instruments.length / instrumentsMax);
  const rows = Array.from({ length }, (_, row) => row).filter((row) => newest.has(day[row]) && instrument[row] % every === 0);
  const share = momentsMax / rows.length;
  const moments = new MomentColumns(columns.horizons.filter(({ kind }) => kind === 'time'));
  for (const row of rows) {
    if (share >= 1 || drawOf({ ...instruments[instrument[row]], timeUs: timeUs[row] }) < share) moments.addFrom(columns, row);
  }
  return moments;
}

/** Between one moment of an instrument's day and the next. */
function meanIntervalMs({ length, day, instrument, timeUs }: MomentColumns): number {
  const newest = new Map<number, number>();
  let between = 0;
  let count = 0;
  for (let row = 0; row < length; row += 1) {
    const before = newest.get(instrument[row]);
    newest.set(instrument[row], row);
    if (before === undefined || day[before] !== day[row]) continue;
    between += (timeUs[row] - timeUs[before]) / 1_000;
    count += 1;
  }
  return count > 0 ? between / count : Infinity;
}
