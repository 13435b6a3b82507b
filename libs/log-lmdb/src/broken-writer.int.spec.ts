import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { noInheritance } from '@hindcast/ports';
import { batchContent, logBatch, logWrite, seededRandom, startSource } from '@hindcast/testing';
import { LmdbTickLog } from './lmdb-tick-log.js';

const rounds = 6;
const seed = 20131007;
const boundMs = 120_000;
const writer = new URL('./numbered-writer.fixture.ts', import.meta.url);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'broken-log-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function openLog(): Promise<LmdbTickLog> {
  return LmdbTickLog.open({ dir, clock: { nowUs: () => 0 }, newStreamId: () => 'new', inherit: () => Promise.resolve(noInheritance) });
}

/** Holds the log against the batches it must have, from one that was not checked before; returns its head. */
function checkWhole(log: LmdbTickLog, from: number): number {
  const { headNumber, firstNumber, rows, serial } = log.position();
  expect([firstNumber, rows, serial]).toEqual([1, headNumber * 5, headNumber]);
  for (let number = from; number <= headNumber; number++) expect(batchContent(log.read(number)!)).toEqual(batchContent(logBatch(number)));
  const { totals, cells } = log.recall();
  expect([totals.trades.accepted, totals.quotes.accepted]).toEqual([headNumber * 3, headNumber * 2]);
  expect(cells.map(({ table, admitted }) => [table, admitted]).toSorted()).toEqual([
    ['quotes', headNumber * 2],
    ['trades', headNumber * 3],
  ]);
  return headNumber;
}

/** Lets a process write until it has acknowledged so many batches, kills it, and returns the highest one it acknowledged. */
async function killedAfter(acknowledgements: number): Promise<number> {
  const child = startSource(writer, { args: [dir] });
  const exit = once(child, 'exit');
  const errors = child.stderr.setEncoding('utf8').toArray();
  let highest = 0;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    highest = Math.max(highest, Number(line));
    if (++lines === acknowledgements) child.kill('SIGKILL');
  }
  expect([(await errors).join(''), (await exit)[1]]).toEqual(['', 'SIGKILL']);
  return highest;
}

it(
  'keeps every acknowledged batch whole when its writer is killed at any moment',
  async () => {
    const random = seededRandom(seed);
    let checked = 0;
    for (let round = 0; round < rounds; round++) {
      const acknowledged = await killedAfter(1 + Math.floor(random() * 60));
      const log = await openLog();
      expect(log.position().headNumber).toBeGreaterThanOrEqual(acknowledged);
      checked = checkWhole(log, checked + 1);
      await log.close();
    }
  },
  boundMs,
);

it(
  'answers LOG_UNAVAILABLE when the disk is full, lives on, and has what it acknowledged',
  async () => {
    const child = startSource(writer, { args: [dir], fileKibibytesMax: 1_000 });
    const exit = once(child, 'exit');
    child.stderr.resume();
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    // An error that nobody heard would have ended it with 1.
    expect(await exit).toEqual([0, null]);
    const acknowledged = lines.map(Number).filter((number) => !Number.isNaN(number));
    expect(new Set(lines.slice(acknowledged.length))).toEqual(new Set(['LOG_UNAVAILABLE']));
    expect(acknowledged.length).toBeGreaterThan(0);
    const log = await openLog();
    const head = checkWhole(log, 1);
    expect(head).toBe(Math.max(...acknowledged));
    await log.append(logWrite(head + 1, [logBatch(head + 1)]));
    checkWhole(log, head + 1);
    await log.close();
  },
  boundMs,
);
