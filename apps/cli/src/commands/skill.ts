import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { HindcastError } from '@hindcast/contracts';
import { defaultWeights, parseHorizon, skillPage, studySteps, type SkillReport } from '@hindcast/memory';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { whole } from '../format/quantities.js';
import { table } from '../format/table.js';
import { parseList } from '../replay/replay-arguments.js';
import { leanMoments } from '../skill/lean-moments.js';
import type { Terminal } from '../terminal.js';

export interface SkillOptions {
  readonly data: string;
  readonly symbols: string;
  readonly from: string;
  readonly to: string;
  readonly every: string;
  readonly horizons: string;
  readonly out: string;
}

const everySecondsMax = 3_600;

/** Runs the study on recorded days and writes `skill.json` and `skill.html`. */
export async function skill(options: SkillOptions, terminal: Terminal): Promise<ExitCode> {
  const seconds = Number(options.every);
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > everySecondsMax)
    throw new HindcastError('FIELD_INVALID', `--every ${options.every}: allowed are whole seconds from 1 to ${everySecondsMax}.`);
  const horizons = parseList(options.horizons.toLowerCase()).map(parseHorizon);
  const untimed = horizons.filter(({ kind }) => kind !== 'time').map(({ id }) => id);
  if (untimed.length > 0)
    throw new HindcastError('FIELD_INVALID', `--horizons ${untimed.join(', ')}: the study forecasts minutes and hours only.`);
  const columns = await leanMoments({
    dataDir: options.data,
    symbols: parseList(options.symbols).map((symbol) => symbol.toUpperCase()),
    fromDay: options.from,
    toDay: options.to,
    stateIntervalMs: seconds * 1_000,
    horizons,
    clock: terminal.clock,
  });
  terminal.note(`${whole(columns.length)} moments`);
  const report = await stepByStep(
    studySteps(columns, {
      weights: defaultWeights,
      protocols: ['walkForward', 'leaveOneDayOut'],
      targets: ['volatility', 'range', 'return'],
      horizons: horizons.map(({ id }) => id),
      stateIntervalMs: seconds * 1_000,
      contributions: horizons.some(({ id }) => id === '5m'),
    }),
    terminal,
  );
  if (report === undefined) return exitCodes.interrupted;
  await mkdir(options.out, { recursive: true });
  await writeFile(join(options.out, 'skill.json'), `${JSON.stringify(report, sixDigits)}\n`);
  await writeFile(join(options.out, 'skill.html'), skillPage(report));
  terminal.print(terminal.json ? JSON.stringify(report) : skillText(report, options.out));
  return exitCodes.ok;
}

/** More digits say nothing, and make the file twice as long. */
function sixDigits(_name: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}

/** Between steps the thread is free, so that Ctrl-C is heard; nothing has been written by then. */
async function stepByStep(
  steps: Generator<string, SkillReport, void>,
  { redraw, note, signal }: Terminal,
): Promise<SkillReport | undefined> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    (redraw ?? note)(step.value);
    await setImmediate();
    if (signal.aborted) return undefined;
  }
}

export function skillText({ rows, conclusions }: SkillReport, folder: string): string {
  const lines = rows
    .filter(({ symbol }) => symbol === null)
    .map(({ protocol, target, horizon, forecaster, rSquared, coverage }) => [
      protocol,
      target,
      horizon,
      forecaster,
      rSquared.toFixed(3),
      `${(100 * coverage).toFixed(1)} %`,
    ]);
  const columns = ['protocol', 'target', 'horizon', 'forecast', 'R2', '80 % band'].map((title, i) => ({
    title,
    align: i > 3 ? ('right' as const) : ('left' as const),
  }));
  return [table(columns, lines), '', ...conclusions, '', `${folder}: skill.html, skill.json`].join('\n');
}
