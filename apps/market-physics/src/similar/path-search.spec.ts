import { dayUs, hourUs, minuteUs } from '@hindcast/contracts';
import { similarPaths } from '@hindcast/memory';
import { searchPaths, type PathQuestion } from './path-search.js';

const instrument = { market: 'binance/spot', symbol: 'BTC-USDT' };
const startUs = 16_000 * dayUs;
const days = 6;
/** A level that wanders, and a shape of its own from ten to midnight on to ten past on the second and on the last day. */
const closes = Array.from({ length: days * 1_440 }, (_, minute) => {
  const fromMidnight = ((minute + 720) % 1_440) - 720;
  const day = Math.round((minute - fromMidnight) / 1_440);
  const isShaped = Math.abs(fromMidnight) <= 10 && (day === 2 || day === days - 1);
  return 100 + Math.sin(minute / 97) + (isShaped ? 3 * Math.sin((fromMidnight * Math.PI) / 5) : 0.05 * Math.sin(minute * minute));
});

type Store = Parameters<typeof searchPaths>[0];
const storeOf = (series: readonly number[]): Store =>
  ({
    instruments: async () => [{ ...instrument, table: 'trades', firstUs: startUs, lastUs: startUs + series.length * minuteUs, days: [] }],
    async *bars({ fromUs, toUs }: { readonly fromUs: number; readonly toUs: number }) {
      const bars = series.map((close, minute) => ({ startUs: startUs + minute * minuteUs, close }));
      yield bars.filter((bar) => bar.startUs >= fromUs && bar.startUs < toUs && !Number.isNaN(bar.close));
    },
  }) as unknown as Store;

const lastMidnightUs = startUs + (days - 1) * dayUs;
const question: PathQuestion = {
  ...instrument,
  fromUs: lastMidnightUs - 10 * minuteUs,
  toUs: lastMidnightUs + 11 * minuteUs,
  k: 3,
  rule: { minGapUs: 5 * minuteUs, distinctDays: false },
  filter: {},
  excludeWithinUs: hourUs,
  asOfUs: lastMidnightUs + 11 * minuteUs,
  signal: new AbortController().signal,
};

it('finds a stretch that goes on over midnight, each stretch once, apart from each other', async () => {
  const { matches, rows, candidates } = await searchPaths(storeOf(closes), question);
  expect(matches[0]).toMatchObject({ ...instrument, timeUs: startUs + 2 * dayUs + 11 * minuteUs });
  expect(matches).toHaveLength(3);
  const before = (question.fromUs - hourUs - startUs) / minuteUs;
  expect([rows, candidates]).toEqual([before, before - 20]);
  for (const [place, match] of matches.entries()) {
    for (const other of matches.slice(place + 1)) expect(Math.abs(match.timeUs - other.timeUs)).toBeGreaterThanOrEqual(21 * minuteUs);
  }
});

it('finds what is found in a series that is read at once: a stretch beside midnight comes back where what ruled it out goes', async () => {
  let [state, level] = [7, 100];
  const wandering = closes.map(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (level += state / 2 ** 32 - 0.5);
  });
  const k = 200;
  const { matches } = await searchPaths(storeOf(wandering), { ...question, k });
  const pathAt = (days - 1) * 1_440 - 10;
  const [before, path] = [wandering.slice(0, pathAt - 60), wandering.slice(pathAt, pathAt + 21)];
  const atOnce = similarPaths(Float64Array.from(before), { path, band: 3, k, minGap: 21 });
  expect(matches.map(({ timeUs }) => (timeUs - startUs) / minuteUs - 21)).toEqual(atOnce.map(({ timeUs }) => timeUs));
});

it('gives one of a day, and no fewer than there are days, where days are to be distinct', async () => {
  const { matches } = await searchPaths(storeOf(closes), { ...question, k: 5, rule: { minGapUs: 0, distinctDays: true } });
  expect(new Set(matches.map(({ timeUs }) => Math.floor(timeUs / dayUs))).size).toBe(5);
});

it('carries no price over a silence of hours', async () => {
  const silent = closes.map((close, minute) => (minute > 2_000 && minute < 2_500 ? NaN : close));
  const { rows } = await searchPaths(storeOf(silent), question);
  expect(rows).toBe((question.fromUs - hourUs - startUs) / minuteUs - 499);
});

it('refuses what would take long, with what is allowed', async () => {
  const long = { ...question, fromUs: lastMidnightUs - 4_000 * minuteUs };
  const many = Array.from({ length: 20 * 1_440 }, (_, minute) => 100 + Math.sin(minute / 50));
  await expect(searchPaths(storeOf(many), { ...long, asOfUs: startUs + 20 * dayUs })).rejects.toMatchObject({
    code: 'FIELD_INVALID',
    message: expect.stringMatching(/compared with a path of 4011, 1238 are allowed/) as string,
  });
});
