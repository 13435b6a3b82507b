import type { IntakeCounts, TickIntake } from '@hindcast/feeds/unattended';
import { emptyQuotes, tradeColumns, type TickBatch } from '@hindcast/market';
import { PoliteIntake } from './polite-intake.js';

const nowUs = 1_700_000_000_000_000;
const counts = { accepted: 1, duplicate: 0, rejected: 0 };

function batchAt(timeUs: number): TickBatch {
  const origin = { source: 'test', receivedAtUs: nowUs };
  const row = { timeUs, symbol: 'BTC-USDT', market: 'simulated/spot', exchange: '', id: String(timeUs), conditions: '', price: 1, size: 1 };
  const trades = tradeColumns([{ ...row, side: 0, position: 0 }], origin);
  return { ...origin, slackUs: 0, trades, quotes: emptyQuotes, marks: [], rejected: [] };
}

function politeIntake() {
  const admitted: number[] = [];
  const slept: number[] = [];
  const answer: IntakeCounts = { counts: { trades: counts, quotes: counts }, refused: [] };
  const intake: TickIntake = {
    era: 3,
    whyFull: (instrument) => (instrument === 'usa/equity IBM' ? 'damaged' : undefined),
    admit: (batches) => {
      admitted.push(...batches.map(({ trades }) => trades.timeUs[0]));
      return Promise.resolve({ flushed: Promise.resolve(answer) });
    },
  };
  /** The loop is kept for 20 ms by somebody, whenever it is left. */
  const sleep = (ms: number): Promise<void> => {
    slept.push(ms);
    const until = performance.now() + 20;
    while (performance.now() < until);
    return Promise.resolve();
  };
  return { polite: new PoliteIntake(intake, { clock: { nowUs: () => nowUs }, sleep }), admitted, slept };
}

const options = { era: 3, door: 'feed', leavesOutFull: true };

it('takes what happens now at once', async () => {
  const { polite, admitted, slept } = politeIntake();
  await polite.admit([batchAt(nowUs - 1_000_000)], options);
  expect([polite.era, admitted, slept]).toEqual([3, [nowUs - 1_000_000], []]);
  expect([polite.whyFull('usa/equity IBM'), polite.whyFull('usa/equity SPY')]).toEqual(['damaged', undefined]);
});

it('leaves the loop alone before history, for as long as it was kept waiting', async () => {
  const { polite, admitted, slept } = politeIntake();
  await polite.admit([batchAt(nowUs - 3_600_000_000)], options);
  expect(admitted).toHaveLength(1);
  expect(slept).toHaveLength(2);
  expect(slept[1]).toBeGreaterThanOrEqual(18);
});
