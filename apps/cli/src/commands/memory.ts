import { errorCodes, HindcastError, type ErrorCode, type MemoriesDto, type MemoryDto, type MemoryJobDto } from '@hindcast/contracts';
import { present } from '@hindcast/service-kit/caller';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { bar, bytes, duration, percent, whole } from '../format/quantities.js';
import { table } from '../format/table.js';
import { parseList } from '../replay/replay-arguments.js';
import { findServices, type Services } from '../services.js';
import type { Terminal } from '../terminal.js';
import { parseOpenSpan, parseSpan } from '../time-arguments.js';

export interface FitMemoryOptions {
  readonly from: string;
  readonly to: string;
  readonly symbols?: string;
  readonly interval?: string;
  readonly horizons?: string;
  readonly search?: string;
  readonly detach?: boolean;
}

export interface BuildMemoryOptions {
  readonly from?: string;
  readonly to?: string;
  readonly symbols?: string;
  /** False for `--no-measure`. */
  readonly measure?: boolean;
  readonly detach?: boolean;
}

export async function showMemories(terminal: Terminal): Promise<ExitCode> {
  const services = await findServices(terminal);
  return tell(await services.memories(), terminal);
}

export async function fitMemory(id: string, options: FitMemoryOptions, terminal: Terminal): Promise<ExitCode> {
  const { from, to, symbols, interval, horizons, search, detach } = options;
  const body = present({
    id,
    ...parseSpan({ from, to }),
    symbols: symbols === undefined ? undefined : parseList(symbols),
    intervalMs: interval === undefined ? undefined : intervalMs(interval),
    horizons: horizons === undefined ? undefined : parseList(horizons.toLowerCase()),
    search,
  });
  const services = await findServices(terminal);
  const job = await services.fitMemory(body);
  return waitFor(job, { services, terminal, detach, next: `npx hindcast memory build ${id}` });
}

export async function buildMemory(memory: string, options: BuildMemoryOptions, terminal: Terminal): Promise<ExitCode> {
  const services = await findServices(terminal);
  const { detach } = options;
  const job = await services.buildMemory(buildRequest(memory, options));
  return waitFor(job, { services, terminal, detach, next: `npx hindcast memory use ${memory}` });
}

export function buildRequest(memory: string, { from, to, symbols, measure }: BuildMemoryOptions): object {
  return present({
    memory,
    ...parseOpenSpan({ from, to }),
    symbols: symbols === undefined ? undefined : parseList(symbols),
    measure: measure === false ? false : undefined,
  });
}

export async function useMemory(id: string, terminal: Terminal): Promise<ExitCode> {
  const services = await findServices(terminal);
  return tell(await services.useMemory(id), terminal);
}

export async function dropMemory(id: string, terminal: Terminal): Promise<ExitCode> {
  const services = await findServices(terminal);
  return tell(await services.dropMemory(id), terminal);
}

/** `10s`, `1m`: whole seconds that divide an hour; the service says so where they do not. */
export function intervalMs(text: string): number {
  const match = /^(\d{1,4})(s|m)$/.exec(text);
  if (!match) throw new HindcastError('FIELD_INVALID', `--interval ${text}: allowed are seconds or minutes, as 10s or 1m.`);
  return Number(match[1]) * (match[2] === 'm' ? 60_000 : 1_000);
}

function tell(memories: MemoriesDto, { json, print }: Terminal): ExitCode {
  print(json ? JSON.stringify(memories) : memoriesText(memories));
  return exitCodes.ok;
}

interface Waiting {
  readonly services: Pick<Services, 'memoryJob' | 'cancelMemoryJob'>;
  readonly terminal: Terminal;
  readonly detach: boolean | undefined;
  /** What comes after it. */
  readonly next: string;
}

const pollMs = 500;
const lineIntervalUs = 2_000_000;

/** Shows a job until it ends. Ctrl-C stops it, and says how to go on. */
export async function waitFor(started: MemoryJobDto, { services, terminal, detach, next }: Waiting): Promise<ExitCode> {
  const { signal, sleep, note, print, json, redraw, clock } = terminal;
  if (detach === true) {
    print(
      json ? JSON.stringify(started) : `The ${started.kind} of ${started.memory} goes on in market-physics; npx hindcast memory shows it.`,
    );
    return exitCodes.ok;
  }
  let job = started;
  let shownUs = -Infinity;
  while (job.state === 'running') {
    if (signal.aborted) return stopped(await services.cancelMemoryJob(job.id), terminal);
    if (redraw) redraw(`${bar(job.progress)} ${jobLine(job)}`);
    else if (clock.nowUs() - shownUs >= lineIntervalUs) {
      shownUs = clock.nowUs();
      note(jobLine(job));
    }
    await sleep(pollMs, signal).catch(() => undefined);
    job = await services.memoryJob(job.id);
  }
  if (job.state !== 'done') throw jobFailure(job);
  for (const words of job.left_out) note(`Left out: ${words}`);
  print(json ? JSON.stringify(job) : `${job.kind === 'fit' ? 'Fitted' : 'Built'} ${job.memory}: ${jobLine(job)}\nNext: ${next}`);
  return exitCodes.ok;
}

/** Under its own code, so that what helps is told of that. */
export function jobFailure({ kind, memory, state, error = '' }: MemoryJobDto): HindcastError {
  if (state === 'cancelled') return new HindcastError('CALL_CANCELLED', `The ${kind} of ${memory} was stopped by somebody else.`);
  const [, code = '', reason = error || 'it says no reason'] = /^([A-Z_]+): (.+)$/s.exec(error) ?? [];
  return new HindcastError(code in errorCodes ? (code as ErrorCode) : 'INTERNAL', `The ${kind} of ${memory} failed: ${reason}`);
}

function stopped(job: MemoryJobDto, { json, print, note }: Terminal): ExitCode {
  if (json) print(JSON.stringify(job));
  else if (job.kind === 'build')
    note(`Stopped. ${whole(job.moments)} moments are stored; the same command goes on behind the days that are whole.`);
  else note('Stopped. Nothing of the fit was kept; the same command begins it again.');
  return exitCodes.interrupted;
}

export function jobLine({ kind, progress, moments, moments_per_second: rate, remaining_seconds: left, ...job }: MemoryJobDto): string {
  const count = job.left_out.length;
  const leftOut = count > 0 ? `, ${whole(count)} ${count === 1 ? 'instrument' : 'instruments'} left out` : '';
  const skipped = (job.sessions_skipped > 0 ? `, ${whole(job.sessions_skipped)} of ${whole(job.sessions)} days were there` : '') + leftOut;
  if (job.state !== 'running') return `${whole(moments)} moments, ${whole(rate)} a second${skipped}`;
  if (kind === 'fit' && left === null && moments > 0) return `${whole(moments)} moments read, learning`;
  return `${whole(moments)} moments, ${whole(rate)}/s, ${percent(progress)}, ${duration(left ?? Infinity)} left${skipped}`;
}

export function memoriesText({ memories, keeper, jobs }: MemoriesDto): string {
  const columns = ['', 'memory', 'every', 'moments', 'instruments built', 'known at', 'index', 'size'].map((title, place) => ({
    title,
    align: [3, 4, 7].includes(place) ? ('right' as const) : ('left' as const),
  }));
  const running = jobs.filter(({ state }) => state === 'running');
  return [
    table(columns, memories.map(rowOf)),
    '',
    keeperLine(keeper),
    ...running.map((job) => `${job.kind} of ${job.memory}: ${jobLine(job)}`),
  ].join('\n');
}

function rowOf({
  id,
  in_use: inUse,
  interval_ms: everyMs,
  rows,
  spans,
  known_at: knownAt,
  index,
  size_bytes: sizeBytes,
}: MemoryDto): readonly string[] {
  const instruments = new Set(spans.map(({ market, symbol }) => `${market} ${symbol}`)).size;
  const indexed = index.type === null ? 'none, every row is compared' : `${index.type}, ${whole(index.rows_not_indexed)} rows to come`;
  return [inUse ? '*' : '', id, duration(everyMs / 1_000), whole(rows), whole(instruments), knownAt, indexed, bytes(sizeBytes)];
}

function keeperLine({ memory, instruments, behind_seconds: behind, failure }: MemoriesDto['keeper']): string {
  if (failure !== null) return `${instruments === 0 ? 'None' : 'Not all of it'} is kept up: ${failure}`;
  if (memory === null) return 'None is kept up yet.';
  return `* is in use, kept up with the market, instruments: ${whole(instruments)}, ${behind === null ? 'it has just begun' : `at most ${duration(behind)} behind`}.`;
}
