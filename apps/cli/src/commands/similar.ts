import { HindcastError, isoFromUs, type SearchReceipt, type SimilarAnswer, type SimilarRequest } from '@hindcast/contracts';
import { present } from '@hindcast/service-kit';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { figure, whole } from '../format/quantities.js';
import { table } from '../format/table.js';
import { parseList } from '../replay/replay-arguments.js';
import { findServices } from '../services.js';
import type { Terminal } from '../terminal.js';
import { parseOpenSpan, parseTime } from '../time-arguments.js';

export interface SimilarOptions {
  readonly symbol?: string;
  readonly market?: string;
  readonly at?: string;
  readonly text?: string;
  readonly k: string;
  readonly among?: string;
  readonly from?: string;
  readonly to?: string;
  readonly asOf?: string;
  readonly exact?: boolean;
}

export async function similar(options: SimilarOptions, { json, print, note, clock }: Terminal): Promise<ExitCode> {
  const request = similarRequest(options, clock.nowUs());
  const services = await findServices({ note });
  const answer = await services.similar(request);
  print(json ? JSON.stringify(answer) : similarText(answer));
  return exitCodes.ok;
}

const kMax = 100;

export function similarRequest(
  { symbol, market, at, text, k, among, from, to, asOf, exact }: SimilarOptions,
  nowUs: number,
): SimilarRequest {
  if ((symbol === undefined && at !== undefined) || (symbol === undefined) === (text === undefined)) {
    throw new HindcastError('FIELD_INVALID', 'Ask with --symbol, and --at for another moment than now, or with --text.');
  }
  const count = Number(k);
  if (!Number.isSafeInteger(count) || count < 1 || count > kMax)
    throw new HindcastError('FIELD_INVALID', `--k ${k}: allowed is a whole number from 1 to ${kMax}.`);
  const filter = present({ symbols: among === undefined ? undefined : parseList(among), ...parseOpenSpan({ from, to }) });
  return present({
    k: count,
    symbol: symbol?.toUpperCase(),
    market,
    time: symbol === undefined ? undefined : at === undefined ? isoFromUs(nowUs) : parseTime('at', at),
    text,
    asOf: asOf === undefined ? undefined : parseTime('as-of', asOf),
    search: exact === true ? 'exact' : undefined,
    filter: Object.keys(filter).length === 0 ? undefined : filter,
  });
}

export function similarText({ query, results, receipt }: SimilarAnswer): string {
  const columns = [
    '',
    'symbol',
    'market',
    'time',
    'distance',
    'regime',
    'alpha',
    'mass',
    'momentum',
    'friction',
    'entropy',
    'sentiment',
  ].map((title, index) => ({
    title,
    align: [0, 4, 6, 7, 8, 9, 10].includes(index) ? ('right' as const) : ('left' as const),
  }));
  const rows = results.map(({ symbol, market, timestamp, distance, metadata: { physics, sentiment } }, index) => [
    String(index + 1),
    symbol,
    market,
    timestamp,
    figure(distance),
    physics.regime,
    figure(physics.alpha, 2),
    figure(physics.mass, 2),
    figure(physics.momentum, 2),
    figure(physics.friction, 2),
    figure(physics.entropy, 2),
    sentiment.label,
  ]);
  const subject = [query.symbol, query.timestamp].filter((word) => word !== undefined).join(' at ');
  return [
    ...(subject === '' ? [] : [`the state of ${subject}`]),
    ...(query.sentence === undefined ? [] : [`"${query.sentence}"`]),
    '',
    results.length === 0 ? 'no other moment is known that the filter lets through' : table(columns, rows),
    '',
    receiptText(receipt),
  ].join('\n');
}

function receiptText({
  table: name,
  index,
  rows,
  candidates,
  exact,
  nprobes,
  rows_not_indexed: notIndexed,
  model,
  template,
  as_of: asOf,
  simulated,
  elapsed_ms: elapsedMs,
}: SearchReceipt): string {
  const way = exact
    ? 'exact, every candidate compared'
    : `by index ${index ?? '-'}, ${nprobes ?? '-'} probes, ${whole(notIndexed)} rows not indexed yet`;
  return [
    `searched ${whole(candidates)} of ${whole(rows)} rows of ${name} in ${elapsedMs.toFixed(0)} ms: ${way}`,
    `made by ${model}, ${template}${asOf === null ? '' : `; as known at ${asOf}`}`,
    ...(simulated === 0 ? [] : [`SIMULATED: ${simulated} of these moments come from a simulated market`]),
  ].join('\n');
}
