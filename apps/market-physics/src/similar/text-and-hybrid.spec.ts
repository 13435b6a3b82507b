import { isoFromUs, minuteUs, type SimilarAnswer } from '@hindcast/contracts';
import { sentence, templateId } from '@hindcast/embedding';
import type { PhysicsState } from '@hindcast/physics';
import type { EmbeddingRow } from '@hindcast/ports';
import { HashEmbedder, type HeldMoments, seededRandom } from '@hindcast/testing';
import { MemoryVectors } from '../world.fixture.js';
import { answering, ask, heldMemory, market, timeOf } from './similar.fixture.js';

const embedder = new HashEmbedder();
const day = '2013-10-08';
const asked = { symbol: 'AAA', market, time: '2013-10-09T14:30:00Z' };
/** A day of one instrument has fewer moments than may be shown. */
const oneDay = { k: 100, minGap: 0, filter: { symbols: ['AAA'], from: day, to: '2013-10-09' } };
/** Sentences are more than those. */
const anHour = { k: 100, minGap: 0, filter: { symbols: ['AAA'], from: `${day}T13:46:00Z`, to: `${day}T14:46:00Z` } };

function stateAt(timeUs: number): PhysicsState {
  const next = seededRandom(timeUs / minuteUs);
  return {
    ...{ symbol: 'AAA', market, timeUs, regime: 'Gaussian', velocity: 0, price: 50, volume: 1, signedVolume: 0, trades: 1 },
    mass: next(),
    momentum: next() - 0.5,
    friction: next(),
    entropy: next(),
    nashDistance: next(),
    alphaCoefficient: 2 + 4 * next(),
  };
}

async function sentenceAt(timeUs: number, symbol = 'AAA'): Promise<EmbeddingRow> {
  const state = stateAt(timeUs);
  const { mass, momentum, friction, entropy, nashDistance, alphaCoefficient, regime, velocity } = state;
  const physics = { mass, momentum, friction, entropy, nash_dist: nashDistance, alpha: alphaCoefficient, regime, velocity };
  return {
    ...{ symbol, market, timeUs, modelId: embedder.modelId, templateId },
    vector: await embedder.embed([sentence(state)]),
    metadata: { physics, sentiment: { label: 'Neutral', score: 0, source: 'signed_volume' } },
  };
}

/** A sentence every so many minutes from before the day's first moment on. */
async function sentences(stepMinutes = 1, from = `${day}T13:20:00Z`): Promise<MemoryVectors> {
  const vectors = new MemoryVectors();
  for (let minute = 0; minute < 120; minute += stepMinutes) await vectors.upsert([await sentenceAt(timeOf(from) + minute * minuteUs)]);
  return vectors;
}

let memory: HeldMoments;
beforeAll(async () => {
  memory = await heldMemory();
});

function answer(vectors: MemoryVectors, body: object, embedIntervalMs = 60_000): Promise<SimilarAnswer> {
  const states = { find: ({ atUs = 0 }: { readonly atUs?: number | undefined }) => Promise.resolve(stateAt(atUs)) };
  return ask(answering(memory, { vectors, embedder, states, embedIntervalMs }), { ...asked, ...body });
}

const keyOf = ({ symbol, timestamp }: { readonly symbol: string; readonly timestamp: string }): string => `${symbol} ${timestamp}`;
const keysOf = ({ neighbours }: SimilarAnswer): readonly string[] => neighbours.map(keyOf);

describe('the hybrid space', () => {
  it('fuses the rankings of both others: sums of 1 / (60 + rank)', async () => {
    const vectors = await sentences();
    const rankings = [await answer(vectors, { ...oneDay, space: 'signature' }), await answer(vectors, { ...oneDay, space: 'text' })];
    const scores = new Map<string, number>();
    for (const ranking of rankings) keysOf(ranking).forEach((key, place) => scores.set(key, (scores.get(key) ?? 0) + 1 / (61 + place)));
    const both = keysOf(rankings[0]).filter((key) => keysOf(rankings[1]).includes(key));
    expect(both.length).toBeGreaterThan(50);
    const { neighbours } = await answer(vectors, { ...oneDay, space: 'hybrid' });
    // Text is ranked deeper than it is shown.
    for (const neighbour of neighbours.slice(0, 10)) expect(neighbour.score).toBeCloseTo(scores.get(keyOf(neighbour)) ?? NaN, 12);
    const told = neighbours.map(({ score }) => score ?? NaN);
    expect(told).toEqual(told.toSorted((one, other) => other - one));
  });

  it('tells of each neighbour what either knows', async () => {
    const { neighbours, query, receipt, verdict } = await answer(await sentences(2), { ...anHour, space: 'hybrid' });
    expect(query.sentence).toBe(sentence(stateAt(timeOf(asked.time))));
    const inWords = neighbours.filter(({ metadata }) => metadata !== undefined);
    const onlyWords = inWords.filter(({ distance }) => distance === null);
    expect([inWords.length, onlyWords.length]).toEqual([60, 30]);
    expect(neighbours.length - inWords.length).toBe(30);
    for (const { timestamp } of onlyWords) expect(timestamp < anHour.filter.from || timestamp >= anHour.filter.to).toBe(true);
    for (const { distance, outcomes } of neighbours.filter((neighbour) => neighbour.distance !== null)) {
      expect(distance).toBeGreaterThan(0);
      expect(outcomes['5m']?.known_at).toBeDefined();
    }
    expect(receipt).toMatchObject({
      space: 'hybrid',
      table: 'moments_test',
      text: { table: 'market_state_embeddings', exact: true },
      model: embedder.modelId,
      template: templateId,
    });
    expect(verdict).not.toEqual([]);
  });

  it('keeps neighbours apart, and away from the question', async () => {
    const vectors = await sentences();
    const apart = (await answer(vectors, { ...oneDay, minGap: '10m', space: 'hybrid' })).neighbours.map(({ timestamp }) =>
      timeOf(timestamp),
    );
    apart.forEach((one, place) =>
      apart.slice(0, place).forEach((other) => expect(Math.abs(one - other)).toBeGreaterThanOrEqual(600_000_000)),
    );
    expect(apart.length).toBeGreaterThan(5);
    const days = (await answer(vectors, { k: 20, distinctDays: true, space: 'hybrid' })).neighbours.map(
      ({ symbol, timestamp }) => `${symbol} ${timestamp.slice(0, 10)}`,
    );
    expect(new Set(days).size).toBe(days.length);
    const near = await sentences(1, '2013-10-09T13:50:00Z');
    const { neighbours } = await answer(near, { k: 100, minGap: 0, space: 'hybrid' });
    for (const { timestamp } of neighbours) expect(timeOf(asked.time) - timeOf(timestamp)).toBeGreaterThanOrEqual(3_600_000_000);
  });

  it('counts moments for the sentence that they are part of', async () => {
    const { neighbours } = await answer(await sentences(5), { ...anHour, space: 'hybrid' }, 300_000);
    const steps = neighbours.map(({ timestamp }) => Math.ceil(timeOf(timestamp) / (5 * minuteUs)));
    expect(new Set(steps).size).toBe(steps.length);
    expect(steps).toHaveLength(24);
  });

  it('has the same answer each time', async () => {
    const timeless = ({ receipt: { elapsed_ms: _elapsed, phases_ms: _phases, ...receipt }, ...told }: SimilarAnswer): object => ({
      ...told,
      receipt,
    });
    const body = { ...oneDay, space: 'hybrid', explain: true };
    expect(timeless(await answer(await sentences(), body))).toEqual(timeless(await answer(await sentences(), body)));
  });
});

describe('the text space', () => {
  it('has the nearest sentences with what the memory holds of them', async () => {
    const vectors = await sentences();
    const { neighbours, query, receipt } = await answer(vectors, { ...oneDay, k: 5, space: 'text' });
    const own = await embedder.embed([query.sentence ?? '']);
    const distances = [...vectors.stored.values()].map(({ vector }) => Math.hypot(...vector.map((value, place) => value - own[place])));
    expect(neighbours.map(({ distance }) => distance)).toEqual(distances.toSorted((one, other) => one - other).slice(0, 5));
    expect(receipt).toMatchObject({ space: 'text', table: 'market_state_embeddings', candidates: 120, rows: 120 });
    for (const { timestamp, outcomes } of neighbours) {
      const isMoment = timeOf(timestamp) >= timeOf(`${day}T13:45:00Z`) && timeOf(timestamp) <= timeOf(`${day}T15:09:00Z`);
      if (isMoment) expect(outcomes['1m']).not.toBeNull();
    }
  });

  it('knows nothing of what came after the question', async () => {
    const { neighbours } = await answer(await sentences(1, '2013-10-09T13:00:00Z'), { k: 100, minGap: 0, space: 'text', excludeWindow: 0 });
    expect(neighbours.length).toBeGreaterThan(50);
    for (const { timestamp } of neighbours) expect(timestamp <= asked.time).toBe(true);
  });
});

it.each([
  ['nothing is stored', new MemoryVectors(), {}, 'MEMORY_EMPTY'],
  ['the filter keeps nothing', undefined, { filter: { symbols: ['ZZZ'] } }, 'MOMENTS_NONE'],
  ['nothing was known yet', undefined, { time: isoFromUs(timeOf(`${day}T00:00:00Z`)) }, 'MOMENTS_NONE'],
])('says so where %s', async (_where, vectors, body, code) => {
  const refused = answer(vectors ?? (await sentences()), { ...body, space: 'text' });
  await expect(refused).rejects.toMatchObject({ code });
});
