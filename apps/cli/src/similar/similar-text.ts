import type { ComparedOutcomes, HorizonForecast, HorizonOutcomes, SearchFacts, SimilarAnswer, SimilarNeighbour } from '@hindcast/contracts';
import { figure, whole } from '../format/quantities.js';
import { table, type Column } from '../format/table.js';
import { pathSpark } from './path-spark.js';

/** Horizons whose returns are told of each neighbour; all of them are in the table below, and in `--json`. */
const horizonsShown = 4;
const hourSeconds = 3_600;

/** An answer for people: what was asked, neighbours, what followed them, what that is worth, how it was found. */
export function similarText(answer: SimilarAnswer): string {
  const { query, neighbours, outcomes, forecast, verdict, receipt } = answer;
  const subject = [query.symbol, query.timestamp].filter((word) => word !== undefined).join(' at ');
  const level = query.level && `volatility of its last hour ${percentAnHour(query.level.volatility)}`;
  return [
    ...(subject === '' ? [] : [[subject, level].filter((word) => word !== undefined).join(', ')]),
    ...(query.sentence === undefined ? [] : [`"${query.sentence}"`]),
    '',
    neighbours.length === 0 ? 'no other moment is known that the filter lets through' : neighbourTable(neighbours),
    ...neighbours.flatMap(explainedLine),
    ...(outcomes.length === 0 ? [] : ['', outcomeTable(outcomes)]),
    ...(forecast.length === 0 ? [] : ['', forecastTable(forecast)]),
    '',
    ...verdict,
    '',
    ...receiptLines(receipt),
  ].join('\n');
}

function columnsOf(titles: readonly string[], isLeft: (title: string) => boolean): readonly Column[] {
  return titles.map((title) => ({ title, align: isLeft(title) ? ('left' as const) : ('right' as const) }));
}

function neighbourTable(neighbours: readonly SimilarNeighbour[]): string {
  const horizons = Object.keys(neighbours[0].outcomes).slice(0, horizonsShown);
  const left = new Set(['symbol', 'time', 'half an hour before|after', 'flags']);
  const titles = ['', 'symbol', 'time', 'distance', 'half an hour before|after', ...horizons, 'flags'];
  const rows = neighbours.map(({ symbol, timestamp, distance, path, outcomes, flags }, place) => [
    String(place + 1),
    symbol,
    timestamp,
    figure(distance),
    pathSpark(path),
    ...horizons.map((horizon) => percentOf(outcomes[horizon]?.return)),
    flags.join(' '),
  ]);
  return table(
    columnsOf(titles, (title) => left.has(title)),
    rows,
  );
}

function explainedLine({ explained }: SimilarNeighbour, place: number): readonly string[] {
  return explained ? [`${place + 1}: alike in ${explained.alike.join(', ')}; different in ${explained.different.join(', ')}`] : [];
}

function outcomeTable(outcomes: readonly HorizonOutcomes[]): string {
  const titles = [
    'after',
    'of',
    'worth',
    'rose (usual)',
    'return 10 %',
    '50 %',
    '90 %',
    'usual 10 to 90 %',
    'p',
    'volatility (usual)',
    'p',
  ];
  const rows = outcomes.map((horizon) => {
    const { return: returns, volatility_ratio: ratio } = horizon;
    const told = returns.unit === 'log-return' ? percentOf : (value: number | null) => figure(value, 1);
    const quantile = ({ neighbours }: ComparedOutcomes, name: string): number | null => neighbours.quantiles[name] ?? null;
    return [
      horizon.horizon,
      `${returns.neighbours.count} of ${whole(horizon.candidates)}`,
      figure(horizon.effective_size, 1),
      `${share(horizon.probability_up)} (${share(horizon.usual_probability_up)})`,
      told(quantile(returns, 'p10')),
      told(quantile(returns, 'p50')),
      told(quantile(returns, 'p90')),
      `${told(returns.usual.quantiles.p10 ?? null)} to ${told(returns.usual.quantiles.p90 ?? null)}`,
      pValue(returns),
      `${figure(ratio.neighbours.quantiles.p50, 2)} (${figure(ratio.usual.quantiles.p50, 2)})`,
      pValue(ratio),
    ];
  });
  return table(
    columnsOf(titles, (title) => title === 'after'),
    rows,
  );
}

function forecastTable(forecast: readonly HorizonForecast[]): string {
  const titles = ['volatility over', 'last hour', 'forecast', '80 % band', 'by mean', 'from'];
  const rows = forecast.map(({ horizon, level, volatility, volatility_by_mean: byMean, band, neighbours }) => [
    horizon,
    percentAnHour(level),
    percentAnHour(volatility),
    band === null ? '-' : `${percentAnHour(band.low)} to ${percentAnHour(band.high)}`,
    percentAnHour(byMean),
    `${whole(neighbours)} neighbours`,
  ]);
  return table(
    columnsOf(titles, (title) => title === 'volatility over'),
    rows,
  );
}

function receiptLines({
  memory,
  model,
  template,
  as_of: asOf,
  simulated,
  text,
  elapsed_ms: elapsedMs,
  ...facts
}: SimilarAnswer['receipt']): readonly string[] {
  const makers = [
    ...(memory === null ? [] : [`memory ${memory.id}, known at ${memory.known_at}`]),
    ...(model === undefined ? [] : [`${model}, ${template ?? ''}`]),
    ...(asOf === null ? [] : [`as known at ${asOf}`]),
  ];
  return [
    `searched ${searchText(facts)}`,
    ...(text ? [`and ${searchText(text)}`] : []),
    `in ${elapsedMs.toFixed(0)} ms; ${makers.join('; ')}`,
    ...(simulated === 0 ? [] : [`SIMULATED: ${simulated} of these moments come from a simulated market`]),
  ];
}

function searchText({ table: name, rows, candidates, exact, index, nprobes, rows_not_indexed: notIndexed, recall }: SearchFacts): string {
  const measured = recall === null ? '' : `, recall ${recall.toFixed(3)} when it was measured last`;
  const way = exact
    ? 'exact, every candidate compared'
    : `by index ${index ?? '-'}, ${nprobes ?? '-'} probes, ${whole(notIndexed)} rows not indexed yet${measured}`;
  return `${whole(candidates)} of ${whole(rows)} rows of ${name}: ${way}`;
}

/** Of a deviation a square-root second. */
function percentAnHour(volatility: number): string {
  return `${(100 * volatility * Math.sqrt(hourSeconds)).toFixed(3)} %/h`;
}

function percentOf(logReturn: number | null | undefined): string {
  if (logReturn === null || logReturn === undefined) return '-';
  // No sign before what is 0 in two digits.
  return `${(Math.round(10_000 * logReturn) / 100 + 0).toFixed(2)} %`;
}

/** Nothing was compared where no outcome is known. */
function pValue({ neighbours, p_value: value }: ComparedOutcomes): string {
  return neighbours.count === 0 ? '-' : figure(value, 3);
}

function share(probability: number | null): string {
  return probability === null ? '-' : `${Math.round(100 * probability)} %`;
}
