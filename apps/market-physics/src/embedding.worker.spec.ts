import { jest } from '@jest/globals';
import { sentence, templateId } from '@hindcast/embedding';
import { HashEmbedder } from '@hindcast/testing';
import { EmbeddingWorker } from './embedding.worker.js';
import { admitted, dayStartUs, endMark, foldOptions, patienceMs, statesOf, walk } from './market.fixture.js';
import { MemoryCheckpoint, MemoryVectors, SteppingClock } from './world.fixture.js';

const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 3_600, seed: 21 });
const due = statesOf(admitted([{ trades, marks: endMark(trades) }])).filter(foldOptions.isEmbeddingDue);

function scene({ clockStepUs = 1_000, isLivePathBusy = (): boolean => false } = {}) {
  const queue = new MemoryCheckpoint();
  const vectors = new MemoryVectors();
  const embedder = new HashEmbedder();
  const pieces: number[] = [];
  const failures: string[] = [];
  const worker = new EmbeddingWorker({
    queue,
    vectors,
    embedder,
    clock: new SteppingClock(clockStepUs),
    isLivePathBusy,
    events: { embedded: (rows) => void pieces.push(rows), failed: (error) => void failures.push(error.code) },
  });
  const abort = new AbortController();
  const running = worker.run(abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    await running;
  };
  return { queue, vectors, embedder, pieces, failures, worker, stop };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

jest.setTimeout(patienceMs);

describe('embedding', () => {
  it('works until the queue is empty, and what ends up is what was due', async () => {
    const { queue, vectors, embedder, worker, stop } = scene();
    await queue.enqueue(due);
    worker.wake();
    await until(() => queue.length === 0);
    expect([...vectors.stored.values()].map(({ timeUs }) => timeUs)).toEqual(due.map(({ timeUs }) => timeUs));
    const [first] = vectors.stored.values();
    expect(first).toMatchObject({
      symbol: 'SPY',
      modelId: embedder.modelId,
      templateId,
      metadata: { physics: { alpha: due[0].alphaCoefficient } },
    });
    expect(first.vector).toEqual(await embedder.embed([sentence(due[0])]));
    await queue.enqueue(due.slice(0, 1));
    worker.wake();
    await until(() => queue.length === 0);
    await stop();
    expect(vectors.upkeeps).toBe(2);
  });

  it('writes what a second brought, when the model is slow', async () => {
    const { queue, pieces, worker, stop } = scene({ clockStepUs: 600_000 });
    await queue.enqueue(due);
    worker.wake();
    await until(() => queue.length === 0);
    await stop();
    expect(Math.max(...pieces)).toBeLessThan(due.length);
    expect(pieces.reduce((sum, rows) => sum + rows, 0)).toBe(due.length);
  });

  it('keeps the queue while the vector store is away', async () => {
    const { queue, vectors, failures, worker, stop } = scene();
    vectors.failuresLeft = 1;
    await queue.enqueue(due);
    worker.wake();
    await until(() => failures.length > 0);
    expect(queue.length).toBe(due.length);
    expect(worker.failure?.code).toBe('VECTOR_STORE_AWAY');
    await until(() => queue.length === 0);
    await stop();
    expect(vectors.stored.size).toBe(due.length);
  });

  it('embeds a state again that was replaced while it was being embedded', async () => {
    const { queue, vectors, embedder, worker, stop } = scene();
    const embed = embedder.embed.bind(embedder);
    const replaced = { ...due[0], mass: 0.999 };
    let isFirst = true;
    embedder.embed = async (sentences) => {
      if (isFirst) await queue.enqueue([replaced]);
      isFirst = false;
      return embed(sentences);
    };
    await queue.enqueue(due.slice(0, 2));
    worker.wake();
    await until(() => queue.length === 0);
    await stop();
    expect([...vectors.stored.values()][0].metadata.physics.mass).toBe(0.999);
  });

  it('waits while the follower is behind', async () => {
    let behind = true;
    let asked = 0;
    const isLivePathBusy = () => {
      asked += 1;
      return behind;
    };
    const { queue, pieces, worker, stop } = scene({ isLivePathBusy });
    await queue.enqueue(due);
    worker.wake();
    await until(() => asked >= 2);
    expect(pieces).toEqual([]);
    behind = false;
    await until(() => queue.length === 0);
    await stop();
  });
});
