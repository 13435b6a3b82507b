import { HindcastError } from '@hindcast/contracts';
import type { RebuildReport, RebuildRequest } from '../services.js';
import { fakeTerminal } from '../terminal.fixture.js';
import { conclude } from './conclude.js';
import type { SendSummary } from './summary.js';

const counts = { received: 1, accepted: 1, duplicate: 0, rejected: 0, late: 1, unreadable: 0, bySymbol: [] };
const summary: SendSummary = {
  ...counts,
  rows_a_second: 1,
  elapsed_seconds: 1,
  started_after_row: 0,
  settled_seconds: 1,
  ledger: { balanced: true, verified: true, rows: 1, cells: 1, differences: [] },
  late_days: { symbols: ['IBM', 'SPY'], fromDay: '2013-10-07', toDay: '2013-10-08' },
};

function rebuilding(report: Omit<RebuildReport, 'id' | 'progress' | 'states'>) {
  const asked: RebuildRequest[] = [];
  const answer = { id: '1', progress: 1, states: 5, ...report };
  const startRebuild = (request: RebuildRequest): Promise<RebuildReport> => {
    asked.push(request);
    return Promise.resolve(answer);
  };
  return { asked, services: { startRebuild, rebuild: () => Promise.resolve(answer) } };
}

it('a run ends with the states of days that came late made again', async () => {
  const { asked, services } = rebuilding({ state: 'done' });
  expect(await conclude({ summary }, { services, terminal: fakeTerminal() })).toBe(0);
  expect(asked).toEqual([{ mode: 'hindsight', from: '2013-10-07', to: '2013-10-09', symbols: ['IBM', 'SPY'] }]);
  const unverified = { ...summary, ledger: { ...summary.ledger!, verified: false }, late_days: null };
  expect(await conclude({ summary: unverified }, { services, terminal: fakeTerminal() })).toBe(4);
  expect(asked).toHaveLength(1);
});

it('a store that cannot be counted is told before a rebuild reads it, with what is left to do', async () => {
  const { asked, services } = rebuilding({ state: 'failed', error: 'the store is damaged' });
  const failure = new HindcastError('STORE_DAMAGED', 'the file of another instrument cannot be opened.');
  const terminal = fakeTerminal();
  await expect(conclude({ summary: { ...summary, ledger: null }, failure }, { services, terminal })).rejects.toBe(failure);
  expect(asked).toEqual([]);
  expect(terminal.notes.join()).toContain(
    'npx hindcast physics rebuild --mode hindsight --from 2013-10-07 --to 2013-10-08 --symbols IBM,SPY',
  );
});
