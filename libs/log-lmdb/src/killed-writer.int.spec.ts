import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { noInheritance } from '@hindcast/ports';
import { batchContent, logBatch, seededRandom, startSource } from '@hindcast/testing';
import { LmdbTickLog } from './lmdb-tick-log.js';

const rounds = 6;
const seed = 20131007;
const writer = new URL('./numbered-writer.fixture.ts', import.meta.url);

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'killed-log-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Lets a process write until it has acknowledged so many batches, kills it, and returns the highest one it acknowledged. */
async function killedAfter(acknowledgements: number): Promise<number> {
  const child = startSource(writer, [dir]);
  const exit = once(child, 'exit');
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  let highest = 0;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    highest = Math.max(highest, Number(line));
    if (++lines === acknowledgements) child.kill('SIGKILL');
  }
  expect([errors.join(''), (await exit)[1]]).toEqual(['', 'SIGKILL']);
  return highest;
}

async function openLog(): Promise<LmdbTickLog> {
  return LmdbTickLog.open({ dir, clock: { nowUs: () => 0 }, newStreamId: () => 'new', inherit: () => Promise.resolve(noInheritance) });
}

it('keeps every acknowledged batch whole when its writer is killed at any moment', async () => {
  const random = seededRandom(seed);
  let checked = 0;
  for (let round = 0; round < rounds; round++) {
    const acknowledged = await killedAfter(1 + Math.floor(random() * 60));
    const log = await openLog();
    const { headNumber, firstNumber, rows, serial } = log.position();
    expect(headNumber).toBeGreaterThanOrEqual(acknowledged);
    expect([firstNumber, rows, serial]).toEqual([1, headNumber * 5, headNumber]);
    for (checked++; checked <= headNumber; checked++) expect(batchContent(log.read(checked)!)).toEqual(batchContent(logBatch(checked)));
    checked = headNumber;
    const { totals, cells } = log.recall();
    expect([totals.trades.accepted, totals.quotes.accepted]).toEqual([headNumber * 3, headNumber * 2]);
    expect(cells.map(({ table, admitted }) => [table, admitted]).toSorted()).toEqual([['quotes', headNumber * 2], ['trades', headNumber * 3]]);
    await log.close();
  }
}, 120_000);
