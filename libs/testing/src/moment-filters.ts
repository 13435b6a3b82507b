import type { MomentFilter } from '@hindcast/ports';
import { momentStartUs } from './moment-rows.js';

/** One of each kind, to be passed by moments of `moment-rows.ts`. */
export const momentFilters: readonly (readonly [string, MomentFilter])[] = [
  ['none', {}],
  ['symbols', { symbols: ['IBM', 'AIG'] }],
  ['market', { market: 'usa/equity' }],
  ['a market that has none', { market: 'binance/spot' }],
  ['from and to', { fromUs: momentStartUs + 20_000_000, toUs: momentStartUs + 50_000_000 }],
  ['asOf', { asOfUs: momentStartUs + 60_000_000 }],
  ['exclude', { exclude: { timeUs: momentStartUs + 40_000_000, withinUs: 10_000_000 } }],
  [
    'except stretches of instruments, their bounds not included',
    {
      except: [
        { symbol: 'SPY', market: 'usa/equity', afterUs: momentStartUs + 5_000_000, beforeUs: momentStartUs + 30_000_000 },
        { symbol: 'IBM', market: 'usa/equity', beforeUs: momentStartUs + 8_000_000 },
        { symbol: 'AIG', market: 'binance/spot' },
      ],
    },
  ],
  ["except an instrument's day", { except: [{ symbol: 'SPY', market: 'usa/equity', day: Math.floor(momentStartUs / 86_400_000_000) }] }],
  ['regimes', { regimes: ['Lévy Stable', 'WAIT'] }],
  ['a component', { components: [{ name: 'volatility_5m', min: -0.5, max: 0.5 }] }],
  ['a component that is masked here and there', { components: [{ name: 'spread_1m', min: -0.5 }] }],
  ['a component that is there', { components: [{ name: 'alpha' }] }],
  [
    'two components',
    {
      components: [
        { name: 'return_1m', max: 0 },
        { name: 'session_progress', min: 0 },
      ],
    },
  ],
  ['a sample', { drawBelow: 0.25 }],
  ['a known horizon', { knownHorizon: '5m' }],
  ['a known horizon of days', { knownHorizon: 'next_day' }],
  ['a horizon known by then', { knownHorizon: '1m', asOfUs: momentStartUs + 80_000_000 }],
  [
    'all at once',
    { symbols: ['SPY'], fromUs: momentStartUs, drawBelow: 0.9, knownHorizon: '5m', components: [{ name: 'volatility_1m', min: 0 }] },
  ],
];
