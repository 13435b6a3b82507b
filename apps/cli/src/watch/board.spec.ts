import { sparkline } from '../format/sparkline.js';
import { boardFrame, significant } from './board-frame.js';
import { MarketBoard } from './market-board.js';

const beginsMs = Date.parse('2026-01-05T14:30:00Z');
const at = (second: number): string => new Date(beginsMs + second * 1_000).toISOString();
const state = (symbol: string, market: string, second: number, price: number) => ({
  ...{ symbol, market, price, timestamp: at(second), regime: 'Gaussian' as const, alpha: 3.2 },
  ...{ momentum: 0.5, friction: 0.25, entropy: 0.125 },
});

function twoInstruments(): MarketBoard {
  const board = new MarketBoard();
  for (const [second, price] of [100, 101, 103, 102].entries())
    board.take({ ...state('SPY', 'usa/equity', second, price), volume: 1_234_567 });
  board.take(state('BTC-USDT', 'simulated/spot', 3, 63_382.25));
  board.quote({ symbol: 'BTC-USDT', market: 'simulated/spot', bid: 63_382, ask: 63_383 });
  return board;
}

const wide = { width: 160, height: 8, nowUs: (beginsMs + 4_500) * 1_000, title: 'Hindcast at 127.0.0.1:7700', colours: false };

describe('the board of hindcast watch', () => {
  it('is one line an instrument, in their order, with how prices went and how old it is', () => {
    expect(boardFrame(twoInstruments().rows(), wide)).toEqual([
      'Hindcast at 127.0.0.1:7700',
      '',
      'symbol    market             price   change  last states   spread  volume 5 min  regime    alpha  momentum  friction  entropy  age',
      'BTC-USDT  simulated/spot  63,382.3   0.00 %  ▄            0.16 bp             -  Gaussian   3.20      0.50      0.25     0.13  1 s',
      'SPY       usa/equity           102  +2.00 %  ▁▃█▆               -     1,234,567  Gaussian   3.20      0.50      0.25     0.13  1 s',
      '',
      '',
      'q ends',
    ]);
  });

  it('fits every terminal: columns and instruments that have no room are left out, and that is said', () => {
    for (const [width, height] of [
      [160, 8],
      [80, 24],
      [40, 6],
      [12, 5],
      [3, 1],
      [0, 0],
    ]) {
      const frame = boardFrame(twoInstruments().rows(), { ...wide, width, height });
      expect(frame).toHaveLength(height);
      expect(Math.max(0, ...frame.map((line) => line.length))).toBeLessThanOrEqual(width);
    }
    expect(boardFrame(twoInstruments().rows(), { ...wide, width: 40 })[3]).toBe('BTC-USDT  simulated/spot  63,382.3  1 s');
    const many = new MarketBoard();
    for (let n = 0; n < 10; n++) many.take(state(`S${n}`, 'usa/equity', 0, 1));
    expect(boardFrame(many.rows(), wide).slice(-3)).toEqual([expect.stringContaining('S2'), 'and 7 more; --symbols chooses', 'q ends']);
  });

  it('shows that prices are made up, that a market rests and which way prices went', () => {
    const board = twoInstruments();
    const frame = boardFrame(board.rows(), { ...wide, colours: true, nowUs: (beginsMs + 90_000) * 1_000 });
    expect(frame[3]).toContain('\u001b[33msimulated/spot\u001b[0m');
    expect(frame[4]).toContain('\u001b[32m+2.00 %\u001b[0m');
    expect(frame[4]).toContain('\u001b[2m1 min\u001b[0m');
  });

  it('says that it waits', () => {
    expect(boardFrame([], wide)).toContain('waiting for the first state');
  });

  it('passes over what is older than what it has, and takes the same state twice for one', () => {
    const board = new MarketBoard();
    for (const second of [5, 5, 4]) board.take(state('SPY', 'usa/equity', second, 100 + second));
    expect(board.rows().map(({ price, prices }) => [price, prices])).toEqual([[105, [105]]]);
  });
});

it('prices have as many digits as tell something', () => {
  expect([63_382.25, 168.251, 0.000123456, 0, 1_234_567.89].map(significant)).toEqual([
    '63,382.3',
    '168.251',
    '0.00012346',
    '0',
    '1,234,568',
  ]);
  expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8)).toBe('▁▂▃▄▅▆▇█');
  expect(sparkline([5, 5], 8)).toBe('▄▄');
  expect(sparkline([1, 9, 1, 9], 2)).toBe('▁█');
});
