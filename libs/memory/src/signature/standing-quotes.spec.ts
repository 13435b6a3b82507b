import { hourUs, secondUs, usFromIso } from '@hindcast/contracts';
import { BestQuoteFold, aroundTheClock, usEquities, type QuoteSides, type SecondBar, type TradingCalendar } from '@hindcast/market';
import { MomentColumns } from '../moments/moment-columns.js';
import { MomentRecorder } from '../moments/moment-recorder.js';
import { componentIndex, signatureSize } from './components.js';
import { walkOfBars } from './session-seconds.fixture.js';

const openUs = usFromIso('2013-10-07T13:30:00Z')!;
const none = NaN;

/** Time in seconds after the open, bid, bid size, ask, ask size. */
type Quote = readonly [number, number, number, number, number];

function sidesOf(quotes: readonly Quote[], fromUs = openUs): QuoteSides {
  const column = (at: number): Float64Array => Float64Array.from(quotes, (quote) => quote[at]);
  const timeUs = column(0).map((seconds) => Math.round(fromUs + seconds * secondUs));
  return { length: quotes.length, timeUs, bid: column(1), bidSize: column(2), ask: column(3), askSize: column(4) };
}

/** Bars with the quotes of their seconds; `chunk` bars at a time, as slices come. */
function recorded(
  bars: readonly SecondBar[],
  quotes: QuoteSides,
  { calendar = usEquities, chunk = 500 }: { calendar?: TradingCalendar; chunk?: number } = {},
) {
  const columns = new MomentColumns([]);
  const recorder = new MomentRecorder({ instrument: { market: 'usa/equity', symbol: 'ONE' }, calendar, stateIntervalMs: 60_000, columns });
  const fold = new BestQuoteFold();
  let row = 0;
  for (let from = 0; from < bars.length; from += chunk) {
    const slice = bars.slice(from, from + chunk);
    const endUs = from + chunk < bars.length ? bars[from + chunk].startUs : Infinity;
    const first = row;
    while (row < quotes.length && quotes.timeUs[row] < endUs) row += 1;
    const { timeUs, bid, bidSize, ask, askSize } = quotes;
    const part = [timeUs, bid, bidSize, ask, askSize].map((values) => values.subarray(first, row));
    fold.add({ length: row - first, timeUs: part[0], bid: part[1], bidSize: part[2], ask: part[3], askSize: part[4] });
    recorder.quotes(fold.take(true));
    for (const bar of slice) recorder.append(bar);
  }
  const valueOf = (name: 'spread_1m' | 'quote_imbalance', at: number): number | undefined => {
    const component = componentIndex(name);
    return (columns.mask[at] >>> component) & 1 ? undefined : columns.values[at * signatureSize + component];
  };
  return { columns, valueOf };
}

describe('quotes of a session', () => {
  const bars = walkOfBars({ fromUs: openUs, seconds: 7_000, seed: 2 });

  it('are the newest bid and the newest ask, whichever came last, and never one of a later second', () => {
    const quotes = sidesOf([
      [10, 100, 300, 100.02, 100],
      [1_199.9, none, none, 100.03, 200],
      [1_200, 100.01, 900, none, none],
      [1_200.2, 100.01, 100, none, none],
    ]);
    const { columns, valueOf } = recorded(bars, quotes);
    const at = (seconds: number): number => columns.timeUs.indexOf(openUs + seconds * secondUs);
    expect(valueOf('quote_imbalance', at(960))).toBeCloseTo(0.5, 6);
    expect(valueOf('quote_imbalance', at(1_200))).toBeCloseTo(0.2, 6);
    expect(valueOf('quote_imbalance', at(1_260))).toBeCloseTo(-1 / 3, 6);
    expect(valueOf('spread_1m', at(960))).toBeCloseTo(0, 6);
    // A minute of 0.02 about 100.02, after 1,189 seconds of 0.02 about 100.01 and one of 0.03.
    const hour = (1_189 * (0.02 / 100.01) + 0.03 / 100.015 + 60 * (0.02 / 100.02)) / 1_250;
    expect(valueOf('spread_1m', at(1_260))).toBeCloseTo(Math.log(0.02 / 100.02 / hour), 5);
  });

  it('leave a moment masked where there are none, where one side is missing, where they cross and where they are an hour old', () => {
    expect(recorded(bars, sidesOf([])).valueOf('spread_1m', 0)).toBeUndefined();
    const bidsAlone = recorded(bars, sidesOf([[10, 100, 1, none, none]]));
    expect([bidsAlone.valueOf('spread_1m', 3), bidsAlone.valueOf('quote_imbalance', 3)]).toEqual([undefined, undefined]);
    expect(recorded(bars, sidesOf([[10, 100, 1, 99, 1]])).valueOf('quote_imbalance', 3)).toBeUndefined();
    const { columns, valueOf } = recorded(bars, sidesOf([[600, 100, 3, 101, 1]]));
    const present = Array.from({ length: columns.length }, (_, row) => valueOf('quote_imbalance', row) !== undefined);
    const last = columns.timeUs[present.lastIndexOf(true)];
    expect(present[0]).toBe(true);
    expect(last).toBe(openUs + 4_200 * secondUs);
    // Sizes that a feed does not tell.
    const sizeless = recorded(bars, sidesOf([[10, 100, none, 101, none]]));
    expect(sizeless.valueOf('spread_1m', 3)).toBeCloseTo(0, 6);
    expect(sizeless.valueOf('quote_imbalance', 3)).toBeUndefined();
  });

  it('are none from before the market opened', () => {
    const early = recorded(bars, sidesOf([[-30, 100, 3, 101, 1]]));
    expect(early.valueOf('quote_imbalance', 3)).toBeUndefined();
  });

  it('are the same bits however they and the bars are cut', () => {
    const quotes = sidesOf(
      Array.from({ length: 2_000 }, (_, i) => [i * 3.3, 100 - (i % 7) / 100, (i % 5) + 1, i % 3 ? 100.1 : none, i % 3 ? 4 : none]),
    );
    const whole = recorded(bars, quotes, { chunk: 10_000 });
    const cut = recorded(bars, quotes, { chunk: 333 });
    expect(whole.valueOf('spread_1m', 5)).toBeDefined();
    expect(cut.columns.values).toEqual(whole.columns.values);
    expect(cut.columns.mask).toEqual(whole.columns.mask);
  });
});

it('stand on where one session follows another', () => {
  const fromUs = usFromIso('2013-10-07T22:30:00Z')!;
  const bars = walkOfBars({ fromUs, seconds: 2 * 3_600 + 600, seed: 5 });
  const { columns, valueOf } = recorded(bars, sidesOf([[5_000, 100, 3, 101, 1]], fromUs), { calendar: aroundTheClock });
  const midnight = columns.timeUs.indexOf(fromUs + 1.5 * hourUs);
  expect([midnight + 1, midnight + 10, midnight + 39].map((row) => valueOf('quote_imbalance', row))).toEqual([0.5, 0.5, 0.5]);
});
