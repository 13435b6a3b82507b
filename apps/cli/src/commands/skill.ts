import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { HindcastError, type SkillDto } from '@hindcast/contracts';
import { ScratchDatabase } from '@hindcast/feeds';
import { defaultWeights, parseHorizon, skillLines, skillPage, studySteps, type MomentColumns, type SkillReport } from '@hindcast/memory';
import { loadCliConfig } from '../config.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { whole } from '../format/quantities.js';
import { table } from '../format/table.js';
import { parseList } from '../replay/replay-arguments.js';
import { findServices } from '../services.js';
import { leftOutText } from '../skill/file-admission.js';
import { recordedMoments, type RecordedDays } from '../skill/recorded-moments.js';
import type { Terminal } from '../terminal.js';

export interface SkillOptions {
  readonly memory?: string;
  readonly data?: string;
  readonly symbols?: string;
  readonly from?: string;
  readonly to?: string;
  readonly every: string;
  readonly horizons: string;
  readonly out: string;
}

const everySecondsMax = 3_600;

/** What the running memory was found to be worth; or, with a folder of recorded days, the whole study of those. */
export async function skill(options: SkillOptions, terminal: Terminal): Promise<ExitCode> {
  const { data, symbols, from, to, memory } = options;
  if (data !== undefined) return study({ ...options, data, ...studiedDays(options) }, terminal);
  if ([symbols, from, to].some((given) => given !== undefined))
    throw new HindcastError('FIELD_INVALID', '--symbols, --from and --to choose recorded days: they go with --data.');
  const services = await findServices({ note: terminal.note });
  const report = await services.skill(memory);
  terminal.print(terminal.json ? JSON.stringify(report) : memorySkillText(report));
  return exitCodes.ok;
}

function studiedDays({ symbols, from, to, memory }: SkillOptions): {
  readonly symbols: string;
  readonly from: string;
  readonly to: string;
} {
  if (memory !== undefined)
    throw new HindcastError('FIELD_INVALID', '--memory is one of what runs; --data measures files. Take one of the two.');
  if (symbols === undefined || from === undefined || to === undefined)
    throw new HindcastError('FIELD_INVALID', '--data needs --symbols, --from and --to.');
  return { symbols, from, to };
}

export function memorySkillText({ memory, in_use, skill, instruments, words }: SkillDto): string {
  const titles = ['', 'horizon', 'R2 of volatility', 'R2 of the better HAR', '80 % band', 'Brier of direction', 'of its usual share'];
  const columns = titles.map((title, i) => ({ title, align: i > 1 ? ('right' as const) : ('left' as const) }));
  const named = [
    ...instruments.map(({ symbol, by_horizon }) => ({ symbol, by_horizon })),
    { symbol: 'mean', by_horizon: skill?.by_horizon ?? {} },
  ];
  const lines = named.flatMap(({ symbol, by_horizon }) =>
    Object.entries(by_horizon).map(([horizon, { volatility, volatility_of_har, coverage, direction, direction_of_usual }], i) => [
      i === 0 ? symbol : '',
      horizon,
      volatility.toFixed(2),
      volatility_of_har.toFixed(2),
      `${Math.round(100 * coverage)} %`,
      direction.toFixed(3),
      direction_of_usual.toFixed(3),
    ]),
  );
  const head = skill
    ? `${memory}${in_use ? ', in use' : ''}: ${whole(skill.moments)} moments of ${skill.days === 1 ? 'one day' : `${skill.days} days`} foretold, ${skill.from} to ${skill.to}`
    : `${memory}${in_use ? ', in use' : ''}`;
  return [head, ...(lines.length > 0 ? ['', table(columns, lines)] : []), '', ...words].join('\n');
}

type StudiedDays = SkillOptions & Required<Pick<SkillOptions, 'data' | 'symbols' | 'from' | 'to'>>;

/** Runs the study on recorded days and writes `skill.json` and `skill.html`. */
async function study(options: StudiedDays, terminal: Terminal): Promise<ExitCode> {
  const seconds = Number(options.every);
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > everySecondsMax)
    throw new HindcastError('FIELD_INVALID', `--every ${options.every}: allowed are whole seconds from 1 to ${everySecondsMax}.`);
  const horizons = parseList(options.horizons.toLowerCase()).map(parseHorizon);
  const untimed = horizons.filter(({ kind }) => kind !== 'time').map(({ id }) => id);
  if (untimed.length > 0)
    throw new HindcastError('FIELD_INVALID', `--horizons ${untimed.join(', ')}: the study forecasts minutes and hours only.`);
  const columns = await momentsOf(options, { stateIntervalMs: seconds * 1_000, horizons, terminal });
  const days = new Set(columns.day.subarray(0, columns.length)).size;
  requireDays(days, options);
  terminal.note(`${whole(columns.length)} moments of ${days} days`);
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

/** A day is foretold from others. */
export function requireDays(days: number, { data, symbols, from, to }: Pick<StudiedDays, 'data' | 'symbols' | 'from' | 'to'>): void {
  if (days > 1) return;
  throw new HindcastError(
    'FIELD_INVALID',
    `--from ${from} --to ${to}: ${data} has moments of ${symbols} on ${days === 1 ? 'one day' : 'no day'} of them; two or more are needed, because each is foretold from others.`,
  );
}

async function momentsOf(
  { data, symbols, from, to }: StudiedDays,
  { stateIntervalMs, horizons, terminal }: Pick<RecordedDays, 'stateIntervalMs' | 'horizons'> & { readonly terminal: Terminal },
): Promise<MomentColumns> {
  const scratch = new ScratchDatabase(join(loadCliConfig().home, 'imports'));
  try {
    const { columns, leftOut } = await recordedMoments({
      ...{ data, stateIntervalMs, horizons, scratch },
      symbols: parseList(symbols).map((symbol) => symbol.toUpperCase()),
      fromDay: from,
      toDay: to,
      clock: terminal.clock,
      signal: terminal.signal,
    });
    const words = leftOutText(leftOut);
    if (words !== undefined) terminal.note(words);
    return columns;
  } finally {
    await scratch.close();
  }
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

/** Volatility symbol by symbol, because it is what there is to foretell; of the rest the means. */
export function skillText(
  { rows, forecasters, conclusions }: Pick<SkillReport, 'rows' | 'forecasters' | 'conclusions'>,
  folder: string,
): string {
  const lines = skillLines({ rows, forecasters })
    .filter(({ target, symbol }) => target === 'volatility' || symbol === null)
    .map(({ protocol, target, horizon, symbol, rSquared, coverage }) => [
      ...[protocol, target, horizon, symbol ?? 'mean'],
      ...rSquared.map((value) => (Number.isFinite(value) ? value.toFixed(2) : '-')),
      `${(100 * coverage).toFixed(1)} %`,
    ]);
  const titles = ['protocol', 'target', 'horizon', 'R2 of', ...forecasters.map(({ id }) => columnTitles[id] ?? id), '80 % band'];
  const columns = titles.map((title, i) => ({ title, align: i > 3 ? ('right' as const) : ('left' as const) }));
  return [table(columns, lines), '', ...conclusions, '', `${folder}: skill.html, skill.json`].join('\n');
}

/** Of forecasters, in the width of a terminal. */
const columnTitles: Readonly<Record<string, string>> = {
  unconditional: 'usual',
  ar1: 'AR(1)',
  har_symbol: 'HAR/symbol',
  har_all: 'HAR/all',
  neighbours_mean: 'neighbours',
  neighbours_linear: 'local fit',
};
