import { keepEverything, shortMemory } from '@hindcast/store-duckdb';
import { retentionOf, retentionSetting } from './retention-setting.js';

it.each([
  ['', keepEverything],
  ['short-memory', shortMemory],
  ['trades=30d', { tradesMs: 30 * 86_400_000 }],
  [
    'trades=15m,quotes=2h,bars_1s=1d,bars_1m=7d',
    { tradesMs: 900_000, quotesMs: 7_200_000, barsMs: { '1s': 86_400_000, '1m': 604_800_000 } },
  ],
  ['states=1d,rejected=12h', { statesMs: 86_400_000, rejectedMs: 43_200_000 }],
])('%j says how long what is kept', (text, retention) => {
  expect(retentionSetting.parse(text)).toBe(text);
  expect(retentionOf(text)).toEqual(retention);
});

it.each(['trades', 'trades=0d', 'trades=5', 'trades=5w', 'candles=5d', 'trades=5d,', 'short-memory,trades=5d'])('%j is refused', (text) => {
  expect(retentionSetting.safeParse(text).success).toBe(false);
});
