import { daysForDecimals, worthwhileGain } from '../forecast/verdict.js';
import type { SkillReport, SkillRow } from './skill-report.js';

type Numbers = Omit<SkillReport, 'conclusions'>;

const ours = 'neighbours_linear';

/** What the numbers come to, in words. Every sentence follows from the report; none is written for a certain result. */
export function conclusionsOf(report: Numbers): readonly string[] {
  const protocols = [...new Set(report.rows.map(({ protocol }) => protocol))];
  const sentences = protocols.flatMap((protocol) => [
    ...aboutLogs(report, protocol),
    ...aboutBands(report, protocol),
    ...aboutDirection(report, protocol),
    ...aboutTests(report, protocol),
  ]);
  const days = report.material.days.length;
  if (days < daysForDecimals) {
    sentences.push(
      `${days} days are few: a day's R2 moves by a tenth and more from one to the next, so the order of the forecasters is worth more than any second decimal.`,
    );
  }
  return sentences;
}

const titles = { walkForward: 'Learning from earlier days only', leaveOneDayOut: 'Leaving one day out' };

function meanRows(report: Numbers, protocol: SkillRow['protocol']): readonly SkillRow[] {
  return report.rows.filter((row) => row.protocol === protocol && row.symbol === null);
}

function aboutLogs(report: Numbers, protocol: SkillRow['protocol']): readonly string[] {
  const rows = meanRows(report, protocol).filter(({ target }) => target !== 'return');
  const cells = [...new Set(rows.map(({ target, horizon }) => `${target} ${horizon}`))];
  return cells.flatMap((cell) => {
    const of = (id: string): SkillRow | undefined => rows.find((row) => `${row.target} ${row.horizon}` === cell && row.forecaster === id);
    const mine = of(ours);
    const hars = [of('har_symbol'), of('har_all')].filter((row) => row !== undefined);
    if (!mine || hars.length === 0) return [];
    const best = Math.max(...hars.map(({ rSquared }) => rSquared));
    const gain = mine.rSquared - best;
    const verdict =
      gain >= worthwhileGain ? 'worth listening to' : gain > 0 ? 'a little better, less than it takes to matter' : 'no better: use the HAR';
    return [
      `${titles[protocol]}, ${mine.target} over ${mine.horizon}: R2 ${mine.rSquared.toFixed(2)} by neighbours against ${best.toFixed(2)} by the better HAR, ${verdict}.`,
    ];
  });
}

function aboutBands(report: Numbers, protocol: SkillRow['protocol']): readonly string[] {
  const coverages = meanRows(report, protocol)
    .filter(({ forecaster }) => forecaster === ours)
    .map(({ coverage }) => 100 * coverage);
  if (coverages.length === 0) return [];
  const [least, most] = [Math.min(...coverages), Math.max(...coverages)];
  const kept = least >= 78 && most <= 82;
  return [
    `${titles[protocol]}: the 80 % bands held between ${least.toFixed(1)} and ${most.toFixed(1)} % of outcomes${kept ? ', as they should.' : '; 78 to 82 is what they should.'}`,
  ];
}

function aboutDirection(report: Numbers, protocol: SkillRow['protocol']): readonly string[] {
  const tests = report.comparisons.filter(
    ({ protocol: one, target, against }) => one === protocol && target === 'return' && against === 'unconditional',
  );
  if (tests.length === 0) return [];
  const found = tests.filter(({ pCorrected, meanDifference }) => pCorrected < 0.05 && meanDifference > 0).length;
  return [
    found === 0
      ? `${titles[protocol]}: the direction of the price was not foretold. None of ${tests.length} tests against the usual chance of a rise says otherwise.`
      : `${titles[protocol]}: ${found} of ${tests.length} tests say that neighbours know something of direction; look at Brier scores before believing it.`,
  ];
}

function aboutTests(report: Numbers, protocol: SkillRow['protocol']): readonly string[] {
  const tests = report.comparisons.filter(
    ({ protocol: one, target, against }) => one === protocol && target !== 'return' && against.startsWith('har_'),
  );
  if (tests.length === 0) return [];
  const won = tests.filter(({ pCorrected, meanDifference }) => pCorrected < 0.05 && meanDifference > 0).length;
  const lost = tests.filter(({ pCorrected, meanDifference }) => pCorrected < 0.05 && meanDifference < 0).length;
  return [
    `${titles[protocol]}: of ${tests.length} Diebold-Mariano tests against the HARs, by symbol and horizon, ${won} are won and ${lost} lost at 5 % after Holm's correction; the rest could be chance.`,
  ];
}
