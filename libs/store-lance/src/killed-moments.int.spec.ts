/** @jest-environment-options {"customExportConditions": ["@hindcast/source", "node"]} */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { momentsInOrder, momentsOf, questionOf, seededRandom, startSource } from '@hindcast/testing';
import { keptMemory, pieceOf, rowsOfPiece } from './killed-moments.fixture.js';
import { LanceMomentStore } from './lance-moment-store.js';

const writer = new URL('./moment-writer.fixture.ts', import.meta.url);
const kills = Number(process.env.HINDCAST_TEST_KILLS ?? 3);
const killWithinMs = 4_000;
/** A process of sources takes its time to start on a busy machine. */
const boundMs = 120_000 * (kills + 5);

/** What a writer said: what was done, and what was begun. */
class Told {
  readonly begun = new Map<string, number>();
  readonly done = new Map<string, number>();
  renewed = 0;

  hear(line: string): void {
    const [word, what, number] = line.split(' ');
    if (word === 'begin') this.begun.set(what, Number(number));
    else if (word === 'done') this.done.set(what, Number(number));
    else if (word === 'renewed') this.renewed += 1;
  }
}

let uri: string;
beforeEach(async () => {
  uri = await mkdtemp(path.join(tmpdir(), 'hindcast-killed-'));
});
afterEach(() => rm(uri, { recursive: true }));

/** Killed so long after it has said that it is open, or that it has built an index. */
async function killedWriter(told: Told, killAfterMs: number, after: 'open' | 'renewed' = 'open'): Promise<void> {
  const args = [uri, String((told.done.get('write') ?? 0) + 1), String(told.begun.get('create') ?? 0)];
  const child = startSource(writer, { args });
  const begins = Promise.withResolvers<void>();
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === after) begins.resolve();
    told.hear(line);
  });
  const exit = once(child, 'exit');
  await Promise.race([begins.promise, exit]);
  // Not to wait for anything: the moment is what is tested.
  await delay(killAfterMs);
  child.kill('SIGKILL');
  await exit;
  expect(complaints.filter((line) => /Error/.test(line))).toEqual([]);
}

async function expectWhole(told: Told): Promise<void> {
  const store = await LanceMomentStore.open({ uri });
  try {
    const written = told.done.get('write') ?? 0;
    const begun = told.begun.get('write') ?? 0;
    const rows = await store.count(keptMemory.id, {});
    expect([written * rowsOfPiece, begun * rowsOfPiece]).toContain(rows);
    const spans = await store.spans(keptMemory.id);
    expect([told.done.get('span') ?? 0, told.begun.get('span') ?? 0]).toContain(spans[0]?.toUs ?? 0);
    const memories = await store.memories();
    const used = memories.filter(({ inUse }) => inUse).map(({ definition }) => definition.id);
    const [usedLast, usedNext] = [told.done.get('use'), told.begun.get('use')].map((number) => `side-${number ?? 0}`);
    if (told.done.has('use')) expect([usedLast, usedNext]).toContain(used.join());
    for (const { definition } of memories) await store.count(definition.id, {});
    if (written === 0) return;
    const piece = pieceOf(written);
    const answer = await store.search(keptMemory.id, { vector: questionOf(piece, 17), k: 10, filter: {}, search: 'auto' });
    expect(answer.distances[0]).toBe(0);
    expect(answer.moments).toHaveLength(10);
    const firstUs = piece.timeUs[0];
    const read = await store.moments(keptMemory.id, { fromUs: firstUs, toUs: firstUs + 1_000_000_000 });
    expect(momentsOf(read)).toEqual(momentsInOrder(piece));
  } finally {
    await store.close();
  }
}

it(
  `loses no moment, span or memory that was acknowledged in ${kills} kills, while indexes are built and memories come and go`,
  async () => {
    const random = seededRandom(Number(process.env.HINDCAST_TEST_SEED ?? 20_260_202));
    const told = new Told();
    for (let kill = 0; kill < kills; kill += 1) {
      await killedWriter(told, random() * killWithinMs);
      await expectWhole(told);
    }
    // And once more behind an index.
    await killedWriter(told, random() * killWithinMs, 'renewed');
    await expectWhole(told);
    expect(told.renewed).toBeGreaterThan(0);
    const store = await LanceMomentStore.open({ uri });
    await store.optimize(keptMemory.id);
    expect(await store.stats(keptMemory.id)).toMatchObject({ index: 'vector_ivf_flat' });
    await store.close();
  },
  boundMs,
);
