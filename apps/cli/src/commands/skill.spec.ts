import type { SkillReport } from '@hindcast/memory';
import { requireDays, skillText } from './skill.js';

const forecasters = ['har_symbol', 'har_all', 'neighbours_linear'].map((id) => ({ id, title: id }));
const scores = { crps: 0, logScore: 0, tenths: [], brier: null, signsRight: null };
const row = (
  target: 'volatility' | 'return',
  forecaster: string,
  symbol: string | null,
  rSquared: number,
): SkillReport['rows'][number] => ({
  ...{ protocol: 'walkForward', target, horizon: '5m', symbol, forecaster, rSquared },
  ...{ ...scores, coverage: 0.801 },
});

it('the study prints volatility symbol by symbol: both HARs, the fit and what its band holds, side by side', () => {
  const rows = [
    ...forecasters.flatMap(({ id }, place) => ['SPY', 'IBM', null].map((symbol) => row('volatility', id, symbol, 0.1 * (place + 1)))),
    ...['SPY', null].map((symbol) => row('return', 'neighbours_linear', symbol, -0.01)),
  ];
  const printed = skillText({ rows, forecasters, conclusions: ['Three days are few.'] }, 'skill').split('\n');
  expect(printed.map((line) => line.trimEnd())).toEqual([
    'protocol     target      horizon  R2 of  HAR/symbol  HAR/all  local fit  80 % band',
    '-----------  ----------  -------  -----  ----------  -------  ---------  ---------',
    'walkForward  volatility  5m       SPY          0.10     0.20       0.30     80.1 %',
    'walkForward  volatility  5m       IBM          0.10     0.20       0.30     80.1 %',
    'walkForward  volatility  5m       mean         0.10     0.20       0.30     80.1 %',
    'walkForward  return      5m       mean            -        -      -0.01     80.1 %',
    '',
    'Three days are few.',
    '',
    'skill: skill.html, skill.json',
  ]);
});

it('a single day is refused, for there is none to foretell it from', () => {
  const asked = { data: 'lean', symbols: 'IBM', from: '2013-10-09', to: '2013-10-09' };
  expect(() => {
    requireDays(1, asked);
  }).toThrow('lean has moments of IBM on one day of them; two or more are needed');
  expect(() => {
    requireDays(2, asked);
  }).not.toThrow();
});
