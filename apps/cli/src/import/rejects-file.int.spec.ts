import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileBatch } from '@hindcast/feeds';
import type { PushAck } from '@hindcast/log-grpc';
import { emptyQuotes, tradeColumns } from '@hindcast/market';
import { RejectsFile } from './rejects-file.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'rejects-'))));
afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** Positions 0 to 3: a row that is no tick, a good one, a price of NaN, a conflict that only the service knows. */
function batch(): FileBatch {
  const fields = { timeUs: 1, symbol: 'SPY', market: 'usa/equity', exchange: '', conditions: '', size: 1, side: 0 };
  const rows = [1, NaN, 2].map((price, at) => ({ ...fields, id: String(at), price, position: at + 1 }));
  return {
    source: 'file',
    receivedAtUs: 1,
    slackUs: 0,
    trades: tradeColumns(rows, { source: 'file', receivedAtUs: 1 }),
    quotes: emptyQuotes,
    marks: [],
    rejected: [{ table: 'trades', position: 0, code: 'ROW_INVALID', field: '', message: 'no tick', text: '"x"' }],
    origins: { path: () => 'ticks.csv', line: (position) => position + 2 },
    throughRow: 4,
  };
}

const ack = (rejected: number, rejectedRows: PushAck['rejectedRows'] = []): PushAck => ({
  tag: 1,
  accepted: 4 - rejected,
  duplicate: 0,
  rejected,
  late: 0,
  rejectedRows,
  tradeDays: [],
  streamId: 's',
  throughNumber: 1,
});

function written(path: string): readonly unknown[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { file, line: at, code, field } = JSON.parse(line) as Record<string, unknown>;
      return [file, at, code, field];
    });
}

describe('rejected rows', () => {
  it('are written with reason, file and line, also where the answer lists few of them', async () => {
    const rejects = new RejectsFile(join(dir, 'deep', 'rejected.ndjson'));
    const conflict = { index: 3, table: 'trades', code: 'TRADE_CONFLICT', field: 'trade_id', message: 'words' };
    await rejects.add(batch(), ack(3, [conflict]));
    expect(written(rejects.path)).toEqual([
      ['ticks.csv', 2, 'ROW_INVALID', ''],
      ['ticks.csv', 4, 'PRICE_INVALID', 'price'],
      ['ticks.csv', 5, 'TRADE_CONFLICT', 'trade_id'],
    ]);
    expect([rejects.rows, rejects.unlisted]).toEqual([3, 0]);
  });

  it('are written as they stand, also where only the service knows what is wrong with them', async () => {
    const rejects = new RejectsFile(join(dir, 'rejected.ndjson'));
    await rejects.add(batch(), ack(1, [{ index: 3, table: 'trades', code: 'TIME_IN_FUTURE', field: 'timestamp', message: 'words' }]));
    const line = String(readFileSync(rejects.path, 'utf8').trimEnd().split('\n').at(-1));
    const { text } = JSON.parse(line) as { readonly text: string };
    expect(JSON.parse(text)).toMatchObject({ symbol: 'SPY', trade_id: '2', price: 2 });
  });

  it('whose reason is not known here are counted', async () => {
    const rejects = new RejectsFile(join(dir, 'rejected.ndjson'));
    await rejects.add(batch(), ack(3));
    expect([rejects.rows, rejects.unlisted]).toEqual([2, 1]);
  });

  it('make no file where there are none; a run that goes on adds to it, one from the beginning makes it anew', async () => {
    const rejects = new RejectsFile(join(dir, 'rejected.ndjson'));
    await rejects.add(batch(), ack(0));
    expect(existsSync(rejects.path)).toBe(false);
    await rejects.add(batch(), ack(2));
    await rejects.begin({ rows: 100 });
    await rejects.add(batch(), ack(2));
    expect(written(rejects.path)).toHaveLength(4);
    await rejects.begin({ rows: 0 });
    expect(existsSync(rejects.path)).toBe(false);
  });

  it('that are sent again by a run that goes on stand there once', async () => {
    const killed = new RejectsFile(join(dir, 'rejected.ndjson'));
    await killed.add(batch(), ack(2));
    const besideBytes = killed.bytes;
    const saved = readFileSync(killed.path, 'utf8');
    expect(Buffer.byteLength(saved)).toBe(besideBytes);
    // Written behind the last position that was kept.
    await killed.add(batch(), ack(2));
    const resumed = new RejectsFile(killed.path);
    await resumed.begin({ rows: 4, besideBytes });
    expect(readFileSync(killed.path, 'utf8')).toBe(saved);
    await resumed.add(batch(), ack(2));
    expect(written(killed.path)).toHaveLength(4);
    expect(resumed.bytes).toBe(2 * besideBytes);
    // What was lost with the machine is not made up.
    await resumed.begin({ rows: 8, besideBytes: 1_000_000 });
    expect(resumed.bytes).toBe(2 * besideBytes);
    await resumed.begin({ rows: 8, besideBytes: 0 });
    expect(existsSync(killed.path)).toBe(false);
  });
});
