import { HindcastError, type SqlAnswerDto, type SqlRequestDto } from '@hindcast/contracts';
import { present } from '@hindcast/service-kit/caller';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { duration, whole } from '../format/quantities.js';
import { table } from '../format/table.js';
import { parseList } from '../replay/replay-arguments.js';
import { openServices, type Services } from '../services.js';
import type { Terminal } from '../terminal.js';
import { runningConfig } from '../which-runs.js';

export interface SqlOptions {
  readonly symbols?: string;
  readonly market?: string;
  readonly limit: string;
  readonly format?: string;
}

const limitMax = 100_000;
const formats = ['table', 'csv', 'json'] as const;
type Format = (typeof formats)[number];

/** Ctrl-C calls the question off where it is answered, not only here. */
export async function askSql(sql: string, options: SqlOptions, terminal: Terminal): Promise<ExitCode> {
  const request = sqlRequest(sql, options);
  const format = formatOf(options.format ?? (terminal.json ? 'json' : 'table'));
  const config = await runningConfig(terminal);
  const answer = await asked(openServices(config), request, terminal.signal);
  terminal.print(answerText(answer, format));
  const { rows, truncated, elapsed_ms: elapsedMs, instruments } = answer;
  if (truncated)
    terminal.note(`Only the first ${whole(rows.length)} rows: --limit, up to ${whole(limitMax)}, or LIMIT and OFFSET give others.`);
  else if (format === 'table')
    terminal.note(`${whole(rows.length)} rows of ${whole(instruments)} instruments in ${duration(elapsedMs / 1000)}`);
  return exitCodes.ok;
}

export function sqlRequest(sql: string, { symbols, market, limit }: SqlOptions): SqlRequestDto {
  const rows = Number(limit);
  if (!Number.isSafeInteger(rows) || rows < 1 || rows > limitMax)
    throw new HindcastError('FIELD_INVALID', `--limit ${limit}: allowed is a whole number from 1 to ${limitMax}.`);
  return { sql, limit: rows, ...present({ symbols: symbols === undefined ? undefined : parseList(symbols), market }) };
}

function formatOf(text: string): Format {
  const format = formats.find((name) => name === text);
  if (!format) throw new HindcastError('FIELD_INVALID', `--format ${text}: allowed is ${formats.join(', ')}.`);
  return format;
}

async function asked(services: Pick<Services, 'sql'>, request: SqlRequestDto, signal: AbortSignal): Promise<SqlAnswerDto> {
  try {
    return await services.sql(request, signal);
  } catch (error) {
    if (!(error instanceof HindcastError) || error.code !== 'ROUTE_UNKNOWN') throw error;
    const advice = 'its user hindcast_reader on port 7731 may only read, and docs/OPERATING.md#passwords says where the password is';
    throw new HindcastError('ROUTE_UNKNOWN', `A stack has its ticks in QuestDB, which answers SQL itself: ${advice}.`, { cause: error });
  }
}

export function answerText({ columns, rows }: SqlAnswerDto, format: Format): string {
  const names = columns.map(({ name }) => name);
  if (format === 'json') return JSON.stringify(rows.map((row) => Object.fromEntries(row.map((value, index) => [names[index], value]))));
  if (format === 'csv') return [names, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n');
  const shown = columns.map(({ name, type }) => ({ title: name, align: numeric.test(type) ? ('right' as const) : ('left' as const) }));
  return table(
    shown,
    rows.map((row) => row.map((value) => tableCell(value))),
  );
}

const numeric = /INT|DOUBLE|FLOAT|DECIMAL/;

function tableCell(value: unknown): string {
  return value === null ? '-' : textOf(value).replaceAll(/\p{Cc}/gu, ' ');
}

/** As RFC 4180 has it; nothing where there is no value. */
function csvCell(value: unknown): string {
  if (value === null) return '';
  const text = textOf(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
