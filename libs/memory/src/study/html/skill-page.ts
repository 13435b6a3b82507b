import type { Protocol } from '../folds.js';
import { skillLines } from '../skill-lines.js';
import type { SkillReport, SkillRow } from '../skill-report.js';
import type { TargetId } from '../targets.js';
import { barChart, calibrationChart, escaped } from './charts.js';

const protocolTitles: Readonly<Record<Protocol, string>> = {
  walkForward: 'Walking forward: learning from earlier days only',
  leaveOneDayOut: 'Leaving one day out: learning from all other days',
};
const targetTitles: Readonly<Record<TargetId, string>> = { volatility: 'Volatility', range: 'Range', return: 'Return' };

/** The report as one page that needs nothing else: styles and plots are inside. */
export function skillPage(report: SkillReport): string {
  const { material } = report;
  const protocols = [...new Set(report.rows.map(({ protocol }) => protocol))];
  const body = [
    '<h1>Is the memory worth anything?</h1>',
    `<p>${escaped(report.signature)} on ${material.symbols.map(escaped).join(', ')}, ${material.days.map(escaped).join(', ')}: ${material.moments} moments, one every ${material.stateIntervalMs / 1_000} s. ` +
      'R2 is against the mean of what was known before the day; 0 says as much as that mean. Every forecaster sees the same days.</p>',
    `<h2>What it comes to</h2><ul>${report.conclusions.map((sentence) => `<li>${escaped(sentence)}</li>`).join('')}</ul>`,
    ...protocols.map((protocol) => protocolSection(report, protocol)),
    contributionSection(report),
    `<h2>Tried and not kept</h2><dl>${report.appendix.map(({ tried, found }) => `<dt>${escaped(tried)}</dt><dd>${escaped(found)}</dd>`).join('')}</dl>`,
    methodSection,
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Hindcast: skill of the memory</title><style>${style}</style></head><body>${body.join('\n')}</body></html>\n`;
}

function protocolSection(report: SkillReport, protocol: Protocol): string {
  const rows = report.rows.filter((row) => row.protocol === protocol);
  const targets = [...new Set(rows.map(({ target }) => target))];
  return [`<h2>${protocolTitles[protocol]}</h2>`, ...targets.map((target) => targetSection(report, { protocol, target }))].join('\n');
}

function targetSection(report: SkillReport, { protocol, target }: { readonly protocol: Protocol; readonly target: TargetId }): string {
  const rows = report.rows.filter((row) => row.protocol === protocol && row.target === target);
  const means = rows.filter(({ symbol }) => symbol === null);
  const horizons = [...new Set(rows.map(({ horizon }) => horizon))];
  const forecasters = [...new Set(rows.map(({ forecaster }) => forecaster))];
  const titleOf = (id: string): string => report.forecasters.find((one) => one.id === id)?.title ?? id;
  const find = (among: readonly SkillRow[], forecaster: string, horizon: string): SkillRow | undefined =>
    among.find((row) => row.forecaster === forecaster && row.horizon === horizon);
  const skill = forecasters.map((id) => ({
    title: titleOf(id),
    values: horizons.map((horizon) => find(means, id, horizon)?.rSquared ?? NaN),
  }));
  const calibration = horizons.map((horizon) => ({
    title: horizon,
    values: cumulated(find(means, 'neighbours_linear', horizon)?.tenths ?? []),
  }));
  return [
    `<h3>${targetTitles[target]}</h3>`,
    `<figure><figcaption>R2, mean of the symbols, by horizon</figcaption>${barChart(horizons, skill, { least: -0.3, most: 0.6 })}</figure>`,
    `<figure><figcaption>Calibration of the neighbours' distribution: share of outcomes below each tenth</figcaption>${calibrationChart(calibration)}</figure>`,
    symbolTable(report, rows),
    scoreTable(rows, titleOf),
    testTable(report, { protocol, target }),
  ].join('\n');
}

function cumulated(tenths: readonly number[]): readonly number[] {
  let sum = 0;
  return tenths.map((share) => (sum += share));
}

/** What a reader looks for first: the neighbours beside each HAR, symbol by symbol. */
function symbolTable({ forecasters }: SkillReport, rows: readonly SkillRow[]): string {
  const some = forecasters.filter(({ id }) => rows.some(({ forecaster }) => forecaster === id));
  const lines = skillLines({ rows, forecasters: some }).map(({ horizon, symbol, rSquared, coverage }) => [
    horizon,
    escaped(symbol ?? 'mean'),
    ...rSquared.map((value) => value.toFixed(2)),
    `${(100 * coverage).toFixed(1)} %`,
  ]);
  const head = ['horizon', 'symbol', ...some.map(({ title }) => escaped(title)), '80 % band of the fit holds'];
  return `<figure class="by-symbol"><figcaption>R2 by symbol</figcaption>${table(head, lines)}</figure>`;
}

function scoreTable(rows: readonly SkillRow[], titleOf: (id: string) => string): string {
  const isReturn = rows.some(({ brier }) => brier !== null);
  const head = [
    'horizon',
    'symbol',
    'forecast',
    'R2',
    'CRPS',
    'log score',
    '80 % band holds',
    ...(isReturn ? ['Brier', 'signs right'] : []),
  ];
  const lines = rows.map((row) => [
    row.horizon,
    row.symbol ?? 'mean',
    titleOf(row.forecaster),
    row.rSquared.toFixed(3),
    row.crps.toFixed(4),
    row.logScore.toFixed(3),
    `${(100 * row.coverage).toFixed(1)} %`,
    ...(isReturn ? [row.brier?.toFixed(4) ?? '', row.signsRight === null ? '' : `${(100 * row.signsRight).toFixed(1)} %`] : []),
  ]);
  return `<details><summary>All scores</summary>${table(head, lines)}</details>`;
}

function testTable({ comparisons }: SkillReport, { protocol, target }: { readonly protocol: Protocol; readonly target: TargetId }): string {
  const lines = comparisons
    .filter((test) => test.protocol === protocol && test.target === target)
    .map((test) => [
      test.horizon,
      test.symbol ?? 'mean',
      test.against,
      test.loss,
      test.meanDifference.toFixed(5),
      test.statistic.toFixed(2),
      told(test.pValue),
      told(test.pCorrected),
    ]);
  const head = ['horizon', 'symbol', 'against', 'loss', 'difference', 'statistic', 'p', 'p after Holm'];
  return `<details><summary>Diebold-Mariano tests: above 0 the neighbours lose less</summary>${table(head, lines)}</details>`;
}

function told(pValue: number): string {
  return pValue < 1e-6 ? '&lt; 0.000001' : pValue.toFixed(6);
}

function contributionSection({ contributions }: SkillReport): string {
  const sections = (['left out', 'taken in'] as const).flatMap((change) => {
    const some = contributions.filter((one) => one.change === change);
    if (some.length === 0) return [];
    const values = some.map(({ difference }) => difference);
    const chart = barChart(
      some.map(({ component }) => component),
      [{ title: 'change of R2', values }],
      { least: -0.03, most: 0.03, digits: 3 },
    );
    return [
      `<figure><figcaption>Each component ${change}: change of R2, five minutes' volatility, leaving one day out</figcaption>${chart}</figure>`,
    ];
  });
  return sections.length === 0 ? '' : `<h2>What each component contributes</h2>${sections.join('')}`;
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${row(head, 'th')}</thead><tbody>${lines.map((cells) => row(cells, 'td')).join('')}</tbody></table>`;
}

const methodSection = `<h2>How it was measured</h2><ul>
<li>Volatility is that of ten-second returns of one-second VWAPs, counted from the moment on, as a logarithm. Range is the logarithm of the highest gain less the deepest loss. Return is in units of the last hour's volatility over the horizon.</li>
<li>Moments whose horizon crosses the close are left out. Scalers, weights of regressions and memories know nothing of the day that is forecast; where walking forward, of no later day either.</li>
<li>HAR: log-volatility of 1, 5, 15 and 60 minutes, all of them measured as the signature measures them. For all symbols together, each symbol's usual level is taken off.</li>
<li>Bands begin at quantiles of errors on days (or symbols) that a forecaster had not seen; each end then follows what it misses, after every outcome that has become known (quantile tracking, Angelopoulos, Candes and Tibshirani 2023).</li>
<li>Tests: Diebold and Mariano 1995 with Newey and West's variance over 1.5 horizons, Holm's correction over all tests of a protocol.</li></ul>`;

const style = `:root{color-scheme:light dark;--ink:#1c2330;--soft:#68707f;--line:#d5d9e0;--back:#fff;--s0:#9aa3b2;--s1:#c9a227;--s2:#d9773c;--s3:#b0413e;--s4:#5b9bd5;--s5:#1f4e9c}
@media (prefers-color-scheme:dark){:root{--ink:#e4e7ec;--soft:#98a1b0;--line:#343b47;--back:#14181f;--s5:#7fb2ff;--s4:#3f7fc0}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);max-width:760px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}figure{margin:1rem 0}figcaption{color:var(--soft);margin-bottom:.3rem}
svg{width:100%;height:auto;font:12px system-ui,sans-serif}svg.square{max-width:340px;display:block}.label{fill:var(--ink)}.number,.tick{fill:var(--soft)}.axis{stroke:var(--soft)}.grid{stroke:var(--line)}
.line{fill:none;stroke-width:2}${[0, 1, 2, 3, 4, 5].map((i) => `rect.s${i}{fill:var(--s${i})}.line.s${i}{stroke:var(--s${i})}.key.s${i}{background:var(--s${i})}`).join('')}
.legend{color:var(--soft);font-size:13px}.named{white-space:nowrap}.key{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 .8em;border-radius:2px}
table{border-collapse:collapse;font-size:13px;width:100%}th,td{text-align:right;padding:.15rem .5rem;border-bottom:1px solid var(--line)}th:nth-child(-n+3),td:nth-child(-n+3){text-align:left}.by-symbol :is(th,td):nth-child(3){text-align:right}
details{margin:.5rem 0;overflow-x:auto}dt{font-weight:600;margin-top:.6rem}`;
