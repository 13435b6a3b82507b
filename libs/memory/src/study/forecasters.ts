import { fitted, kernelWeights, kishSize, localWeights, weighted } from '../forecast/local-weights.js';
import type { MomentColumns } from '../moments/moment-columns.js';
import { nearestSet } from '../search/nearest.js';
import type { MomentVectors } from '../search/moment-vectors.js';
import { componentIndex, signatureSize } from '../signature/components.js';
import { fitScaler, standardised, type SignatureVersion } from '../signature/signature-version.js';
import { fitLinear, predict, type LinearModel } from './regression.js';
import type { Target, TargetId } from './targets.js';

/** A forecast of a target in its own scale (`Target.relative` plus `level`), and how far such forecasts spread there. */
export interface PointForecast {
  readonly value: number;
  /** In the target's unit; NaN where the forecaster has no opinion of its own. */
  readonly dispersion: number;
  /** Chance of a value above 0, where it is a return. */
  readonly up: number;
}

export interface Forecaster {
  readonly id: string;
  readonly title: string;
  readonly foretells: readonly TargetId[];
  /** Learns from rows whose outcomes are all known. A forecast is one of each target, in the order of the material's. */
  fit(material: StudyMaterial, rows: Int32Array): (row: number) => readonly PointForecast[];
}

export interface StudyMaterial {
  readonly columns: MomentColumns;
  /** Of one horizon, and so known for the same rows. */
  readonly targets: readonly Target[];
}

type FitOne = (columns: MomentColumns, target: Target, rows: Int32Array) => (row: number) => PointForecast;

/** Of a forecaster to which targets have nothing in common. */
function eachTarget(fitOne: FitOne): Forecaster['fit'] {
  return ({ columns, targets }, rows) => {
    const forecasts = targets.map((target) => fitOne(columns, target, rows));
    return (row) => forecasts.map((forecast) => forecast(row));
  };
}

const everything: readonly TargetId[] = ['volatility', 'range', 'return'];
const sizes: readonly TargetId[] = ['volatility', 'range'];

const opinionless = (value: number, up = NaN): PointForecast => ({ value, dispersion: NaN, up });

/** The target in its own unit. */
function outcomeOf({ relative, level }: Target, row: number): number {
  return relative[row] + level[row];
}

/** Moments of the same time of day count up to this far away, as a share of the session: a quarter of an hour of US stocks. */
const sameTimeShare = 0.04;

/** What usually happens at that time of day to that instrument: the mean of its own past there. */
export const unconditional: Forecaster = {
  id: 'unconditional',
  title: 'unconditional at that time of day',
  foretells: everything,
  fit: eachTarget((columns, target, rows) => {
    const progress = componentIndex('session_progress');
    const bins = Math.round(1 / sameTimeShare);
    const sums = new Map<string, { sum: number; ups: number; count: number }>();
    const binOf = (row: number): number => Math.min(bins - 1, Math.floor(columns.values[row * signatureSize + progress] * bins));
    const add = (key: string, row: number): void => {
      const cell = sums.get(key) ?? { sum: 0, ups: 0, count: 0 };
      cell.sum += outcomeOf(target, row);
      cell.ups += outcomeOf(target, row) > 0 ? 1 : 0;
      cell.count += 1;
      sums.set(key, cell);
    };
    for (const row of rows) {
      add(`${columns.instrument[row]}`, row);
      for (let bin = binOf(row) - 1; bin <= binOf(row) + 1; bin += 1) add(`${columns.instrument[row]} ${bin}`, row);
      add('', row);
    }
    return (row) => {
      const cell = sums.get(`${columns.instrument[row]} ${binOf(row)}`) ?? sums.get(`${columns.instrument[row]}`) ?? sums.get('');
      return cell ? opinionless(cell.sum / cell.count, cell.ups / cell.count) : opinionless(NaN);
    };
  }),
};

/** Inputs of a regression, absolute; `centred` takes an instrument's usual level off them and off the outcome. */
interface RegressionForm {
  readonly inputs: (columns: MomentColumns, row: number, target: Target) => readonly number[];
  readonly perInstrument: boolean;
  readonly foretells: readonly TargetId[];
}

const volatilityAt = (columns: MomentColumns, row: number, component: number): number =>
  columns.logVolatility[row] + columns.values[row * signatureSize + component];
const minute = componentIndex('volatility_1m');
const fiveMinutes = componentIndex('volatility_5m');
const quarter = componentIndex('volatility_15m');
const halfHour = componentIndex('volatility_30m');

/** Corsi's cascade (2009) inside a day: log-volatility of 1, 5, 15 and 60 minutes. */
const harInputs: RegressionForm['inputs'] = (columns, row) => [
  volatilityAt(columns, row, minute),
  volatilityAt(columns, row, fiveMinutes),
  volatilityAt(columns, row, quarter),
  columns.logVolatility[row],
];

/** The value just past, over a window like the horizon's. */
const lastInputs: RegressionForm['inputs'] = (columns, row, { id, horizonSeconds }) => {
  if (id === 'return') return [columns.values[row * signatureSize + componentIndex(horizonSeconds <= 60 ? 'return_1m' : 'return_5m')]];
  const component = horizonSeconds <= 60 ? minute : horizonSeconds <= 300 ? fiveMinutes : horizonSeconds <= 900 ? quarter : halfHour;
  return [volatilityAt(columns, row, component)];
};

function regression(id: string, title: string, { inputs, perInstrument, foretells }: RegressionForm): Forecaster {
  return {
    id,
    title,
    foretells,
    fit: eachTarget((columns, target, rows) => {
      const centre = perInstrument || target.id === 'return' ? () => 0 : usualLevels(columns, rows);
      const models = new Map<number, LinearModel>();
      const groupOf = (row: number): number => (perInstrument ? columns.instrument[row] : -1);
      for (const [group, members] of grouped(rows, groupOf)) {
        const lines = members.map((row) => inputs(columns, row, target).map((value) => value - centre(columns.instrument[row])));
        models.set(
          group,
          fitLinear(
            lines,
            members.map((row) => outcomeOf(target, row) - centre(columns.instrument[row])),
          ),
        );
      }
      return (row) => {
        const model = models.get(groupOf(row));
        const usual = centre(columns.instrument[row]);
        return opinionless(
          model
            ? predict(
                model,
                inputs(columns, row, target).map((value) => value - usual),
              ) + usual
            : NaN,
        );
      };
    }),
  };
}

function grouped(rows: Int32Array, groupOf: (row: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const members = groups.get(groupOf(row));
    if (members) members.push(row);
    else groups.set(groupOf(row), [row]);
  }
  return groups;
}

/** Mean log-volatility of each instrument's hours; of one never seen, the mean of all. */
function usualLevels(columns: MomentColumns, rows: Int32Array): (instrument: number) => number {
  const levels = new Map<number, number>();
  let all = 0;
  for (const [instrument, members] of grouped(rows, (row) => columns.instrument[row])) {
    const sum = members.reduce((total, row) => total + columns.logVolatility[row], 0);
    levels.set(instrument, sum / members.length);
    all += sum / rows.length;
  }
  return (instrument) => levels.get(instrument) ?? all;
}

export const autoregression = regression('ar1', 'AR(1), per symbol', { inputs: lastInputs, perInstrument: true, foretells: everything });
export const harPerSymbol = regression('har_symbol', 'HAR, per symbol', { inputs: harInputs, perInstrument: true, foretells: sizes });
export const harForAll = regression('har_all', 'HAR, one fit for all', { inputs: harInputs, perInstrument: false, foretells: sizes });

export interface NeighbourRule {
  readonly weights: readonly number[];
  /** Neighbours: this share of the memory ... */
  readonly share: number;
  /** ... and no more than this. */
  readonly neighboursMax: number;
  readonly ridge: number;
  readonly form: 'mean' | 'linear';
}

/** Memory is a span of the past: its scaler is fitted on it and frozen, and its outcomes are all known. */
export function neighbourForecaster(id: string, title: string, rule: NeighbourRule): Forecaster {
  return {
    id,
    title,
    foretells: everything,
    fit: ({ columns, targets }, rows) => {
      const { length, values, mask, timeUs, instrument, day } = columns;
      const scaler = fitScaler({ length, values, mask, timeUs }, rows);
      const version: SignatureVersion = { id: 'study', components: [], weights: rule.weights, scaler };
      const { vectors, size } = standardised(version, { length, values, mask });
      const moments: MomentVectors = { length, size, vectors, timeUs, instrument, day };
      const k = Math.max(1, Math.min(rule.neighboursMax, Math.round(rule.share * rows.length)));
      return (row) => {
        const query = vectors.subarray(row * size, (row + 1) * size);
        const neighbours = nearestSet(moments, { vector: query, k, candidates: rows });
        const { kernel, linear } =
          rule.form === 'linear'
            ? localWeights(moments, neighbours, { query, ridge: rule.ridge })
            : { kernel: kernelWeights(neighbours.squaredDistances), linear: null };
        return targets.map((target) => {
          const mean = weighted(kernel, neighbours.rows, target.relative);
          return {
            value: target.level[row] + (linear === null ? mean : fitted(linear, neighbours.rows, target.relative)),
            ...spreadOf({ kernel, rows: neighbours.rows, mean, target }),
          };
        });
      };
    },
  };
}

interface Spread {
  readonly kernel: Float64Array;
  readonly rows: Int32Array;
  readonly mean: number;
  readonly target: Target;
}

function spreadOf({ kernel, rows, mean, target }: Spread): { readonly dispersion: number; readonly up: number } {
  let squares = 0;
  let up = 0;
  for (let i = 0; i < rows.length; i += 1) {
    const distance = target.relative[rows[i]] - mean;
    squares += kernel[i] * distance * distance;
    if (target.relative[rows[i]] > 0) up += kernel[i];
  }
  const size = kishSize(kernel);
  return { dispersion: Math.sqrt((squares * size) / Math.max(1, size - 1)), up };
}
