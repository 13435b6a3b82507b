import { jest } from '@jest/globals';
import { isoFromUs, type ErrorBody } from '@hindcast/contracts';
import type { Embedder } from '@hindcast/ports';
import type { RunningService } from '@hindcast/service-kit';
import { HashEmbedder } from '@hindcast/testing';
import { admitted, dayStartUs, endMark, foldOptions, patienceMs, statesOf, walk } from './market.fixture.js';
import { questionsAnsweredAtOnceMax, questionsWaitingMax } from './similar/question-turns.js';
import { startPhysics, type PhysicsUnderTest } from './service.fixture.js';
import { SimilarMoments } from './similar/similar-moments.js';

const trades = walk({ symbol: 'SPY', fromUs: dayStartUs, seconds: 4_500, seed: 41 });
const batches = admitted([{ trades: trades.slice(0, 5_000) }, { trades: trades.slice(5_000), marks: endMark(trades) }]);
const states = statesOf(batches);
const due = states.filter(foldOptions.isEmbeddingDue);
const newest = states[states.length - 1];

/** What a test reads from the wire is what it is there to doubt. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

let physics: PhysicsUnderTest;
let service: RunningService;

async function start(embedder: Embedder | undefined): Promise<void> {
  physics = await startPhysics(batches, embedder);
  ({ service } = physics);
}

async function call(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<{ status: number; body: Json }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(service.url + path, init);
  return { status: response.status, body: await response.json() };
}

async function refusal(path: string, body?: unknown): Promise<string> {
  const { error } = (await call(path, body)).body as ErrorBody;
  return `${error.code}: ${error.message}`;
}

async function untilProgress(condition: (progress: Json) => boolean): Promise<Json> {
  for (;;) {
    const { body } = await call('/v1/progress');
    if (condition(body)) return body;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function stop(): Promise<void> {
  expect(await physics.stop()).toBe(true);
}

jest.setTimeout(patienceMs);

describe('with a model', () => {
  beforeAll(async () => {
    await start(new HashEmbedder());
    await untilProgress(({ checkpoint_number, embedded }) => checkpoint_number === 2 && embedded === due.length);
  });
  afterAll(stop);

  it('says how far it is, and that it is well', async () => {
    expect((await call('/v1/progress')).body).toEqual({
      stream_id: 'stream-1',
      phase: 'following',
      head_number: 2,
      folded_number: 2,
      checkpoint_number: 2,
      states: states.length,
      embedding_queue: 0,
      embedded: due.length,
      instruments: 1,
    });
    const { body } = await call('/health/ready');
    expect(body.status).toBe('ready');
    expect(Object.keys(body.dependencies).sort()).toEqual(['bus', 'instruments', 'log', 'memory', 'model', 'tick_store', 'vector_store']);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain(`hindcast_physics_states_total{service="market-physics"} ${states.length}`);
  });

  it('answers with the newest state, and with the one of any time', async () => {
    expect((await call('/v1/states/SPY')).body).toMatchObject({ symbol: 'SPY', timestamp: isoFromUs(newest.timeUs), mass: newest.mass });
    const at = isoFromUs(states[500].timeUs + 400_000);
    expect((await call(`/v1/states/SPY?market=usa/equity&at=${at}`)).body).toMatchObject({
      timestamp: isoFromUs(states[500].timeUs),
      entropy: states[500].entropy,
    });
    const all = await call('/v1/states');
    expect(all.body.states).toMatchObject([{ symbol: 'SPY', timestamp: isoFromUs(newest.timeUs) }]);
    expect((await call('/v1/states?symbols=IBM,SPY')).body).toEqual(all.body);
  });

  it('refuses what it cannot answer', async () => {
    expect(await refusal('/v1/states/NONE')).toBe('SYMBOL_UNKNOWN: Nothing was ever recorded for NONE.');
    expect(await refusal('/v1/states/SPY?at=2001-01-01')).toMatch(
      'STATE_UNKNOWN: There is no state of SPY at or before 2001-01-01T00:00:00Z.',
    );
    expect(await refusal('/v1/states/SPY?at=soon')).toBe('FIELD_INVALID: at="soon": a time in ISO 8601, as 2013-10-07T13:30:00Z');
    expect(await refusal('/v1/states/spy')).toMatch('FIELD_INVALID');
    expect(await refusal('/v1/states?symbols=')).toMatch('FIELD_INVALID: symbols=""');
  });

  it('finds similar moments of a state, without the hour around it', async () => {
    const question = due[due.length - 1];
    const { status, body } = await call('/v1/similar', { symbol: 'SPY', time: isoFromUs(question.timeUs), space: 'text' });
    expect(status).toBe(200);
    expect(body.query).toMatchObject({ symbol: 'SPY', market: 'usa/equity', timestamp: isoFromUs(question.timeUs) });
    const before = due.filter(({ timeUs }) => timeUs <= question.timeUs - 3_600_000_000);
    expect(body.neighbours.length).toBe(Math.min(5, Math.ceil(before.length / 5)));
    expect(body.neighbours.every(({ timestamp }: Json) => before.some(({ timeUs }) => isoFromUs(timeUs) === timestamp))).toBe(true);
    expect(body.receipt).toMatchObject({
      table: 'market_state_embeddings',
      space: 'text',
      rows: due.length,
      candidates: before.length,
      exact: true,
      index: null,
      nprobes: null,
      model: 'hash-embedder@1',
      as_of: isoFromUs(question.timeUs),
    });
  });

  it('takes the newest state where no time is named', async () => {
    const { status, body } = await call('/v1/similar', { symbol: 'SPY', space: 'text', excludeWindow: 0 });
    expect(status).toBe(200);
    expect(body.query.timestamp).toBe(isoFromUs(states[states.length - 1].timeUs));
    expect(Date.parse(body.receipt.as_of)).toBeGreaterThan(Date.parse(body.query.timestamp));
    expect(body.receipt.candidates).toBe(due.length);
  });

  it('answers a moment from its own past, unless `asOf` says otherwise', async () => {
    const time = isoFromUs(due[3].timeUs + 1_000_000);
    const timesOf = ({ neighbours }: Json): string[] => neighbours.map(({ timestamp }: Json) => timestamp as string).toSorted();
    const all = { symbol: 'SPY', time, space: 'text', excludeWindow: 0, minGap: 0, k: 100 };
    const past = (await call('/v1/similar', all)).body;
    expect(timesOf(past)).toEqual(due.slice(0, 4).map(({ timeUs }) => isoFromUs(timeUs)));
    expect(past.receipt).toMatchObject({ as_of: time, candidates: 4 });
    const later = (await call('/v1/similar', { ...all, asOf: isoFromUs(due[due.length - 1].timeUs) })).body;
    expect(later.receipt.candidates).toBe(due.length);
  });

  it('hides what came after `asOf`, and finds the moment itself where it may', async () => {
    const question = due[3];
    const { body } = await call('/v1/similar', {
      symbol: 'SPY',
      time: isoFromUs(question.timeUs),
      asOf: isoFromUs(due[6].timeUs),
      space: 'text',
      excludeWindow: 0,
      minGap: '0s',
      k: 100,
    });
    expect(body.neighbours.length).toBe(7);
    expect(body.neighbours[0]).toMatchObject({ timestamp: isoFromUs(question.timeUs), distance: 0 });
    expect(body.receipt.as_of).toBe(isoFromUs(due[6].timeUs));
  });

  it('takes a text or a vector as well', async () => {
    const text = await call('/v1/similar', { text: 'busy busy rising', k: 2 });
    expect(text.body).toMatchObject({ query: { sentence: 'busy busy rising' }, receipt: { candidates: due.length, as_of: null } });
    const vector = Array.from({ length: 384 }, (_, at) => (at === 0 ? 3 : 0));
    const { body } = await call('/v1/similar', { vector, k: 1 });
    expect(body.neighbours.length).toBe(1);
    expect(body.neighbours[0].distance).toBeLessThanOrEqual(2);
  });

  it.each([
    [{}, 'None given: exactly one of symbol, state, signature, text, vector, path is allowed.'],
    [
      { symbol: 'SPY', time: '2013-10-07', text: 'a' },
      'symbol and text given: exactly one of symbol, state, signature, text, vector, path is allowed.',
    ],
    [{ text: 'a', time: '2013-10-07' }, 'time goes with symbol only.'],
    [{ text: 'a', k: 101 }, 'k=101: a whole number from 1 to 100'],
    [{ text: '' }, 'text="": 1 to 2000 characters'],
    [{ text: 'a', filter: { symbols: ['spy'] } }, 'filter.symbols.0="spy": a symbol: [A-Z0-9][A-Z0-9.:-]{0,31}'],
    [{ text: 'a', filter: { from: '2013-10-08', to: '2013-10-07' } }, 'filter.from is not before filter.to.'],
    [{ text: 'a', K: 3 }, 'K=3: there is no such field'],
    [{ vector: [1, 2] }, 'vector has 2 numbers; 384 finite ones, not all 0, are allowed.'],
    [{ vector: Array.from({ length: 4_096 }, () => 1) }, 'vector has 4096 numbers; 384 finite ones, not all 0, are allowed.'],
    [{ vector: Array.from({ length: 384 }, () => 0) }, 'vector has 384 numbers; 384 finite ones, not all 0, are allowed.'],
  ])('refuses %j', async (body, message) => {
    expect(await refusal('/v1/similar', body)).toContain(`FIELD_INVALID: ${message}`);
  });

  it('refuses a vector that is far too long', async () => {
    const { status, body } = await call('/v1/similar', { vector: Array.from({ length: 200_000 }, () => 1) });
    expect({ status, code: body.error.code }).toEqual({ status: 400, code: 'FIELD_INVALID' });
    expect(body.error.message).toContain('as many finite numbers as the model has dimensions, at most 4096');
  });

  it('rebuilds in the background', async () => {
    const started = await call('/v1/rebuilds', { mode: 'hindsight', from: '2013-10-07', to: '2013-10-08', symbols: ['SPY'] });
    expect(started).toMatchObject({ status: 202, body: { state: 'running', mode: 'hindsight', symbols: ['SPY'] } });
    const path = `/v1/rebuilds/${started.body.id}`;
    let report = started.body;
    while (report.state === 'running') report = (await call(path)).body;
    expect(report).toMatchObject({ state: 'done', progress: 1, states: states.length, embeddings: due.length });
    expect((await call(path, undefined, 'DELETE')).body).toMatchObject({ state: 'done' });
    expect(await refusal('/v1/rebuilds/none')).toBe('JOB_UNKNOWN: There is no rebuild "none".');
    expect(await refusal('/v1/rebuilds', { mode: 'live', from: '2013-10-08', to: '2013-10-07' })).toBe(
      'FIELD_INVALID: from is not before to.',
    );
    expect(await refusal('/v1/rebuilds', { mode: 'both', from: '2013-10-07' })).toMatch(
      'mode="both": one of live, hindsight; to is missing',
    );
    expect(await refusal('/v1/rebuilds', { mode: 'live', from: '2013-10-07', to: '2013-10-08', symbols: ['NONE'] })).toMatch(
      'SYMBOL_UNKNOWN',
    );
  });
});

describe('without a model', () => {
  afterEach(stop);

  it('follows, queues, says so in health, and search says what to do', async () => {
    await start(undefined);
    const { embedding_queue } = await untilProgress(({ checkpoint_number }) => checkpoint_number === 2);
    expect(embedding_queue).toBe(due.length);
    const { body } = await call('/health/ready');
    expect(body).toMatchObject({ status: 'ready', dependencies: { model: { up: false, critical: false, embedding_queue: due.length } } });
    expect(await refusal('/v1/similar', { text: 'busy' })).toMatch('MODEL_MISSING');
  });
});

describe('with a slow model', () => {
  afterEach(stop);

  it('refuses questions above the bound, and forgets those that were given up', async () => {
    const embedder = new HashEmbedder();
    const embed = embedder.embed.bind(embedder);
    const release = Promise.withResolvers<void>();
    const embedded: string[] = [];
    embedder.embed = async (sentences) => {
      embedded.push(...sentences);
      await release.promise;
      return embed(sentences);
    };
    await start(embedder);
    const signals: AbortSignal[] = [];
    const moments = service.app.get(SimilarMoments);
    const find = moments.find.bind(moments);
    moments.find = (question, signal) => {
      signals.push(signal);
      return find(question, signal);
    };
    const gone = new AbortController();
    // As many as may are worked on, as many as may wait behind them, and one is too many: the only one that is answered.
    const asked = Array.from({ length: questionsAnsweredAtOnceMax + questionsWaitingMax + 1 }, (_, index) =>
      fetch(`${service.url}/v1/similar`, {
        method: 'POST',
        body: JSON.stringify({ text: `question ${index}` }),
        headers: { 'content-type': 'application/json' },
        signal: gone.signal,
      }),
    );
    const refused = await Promise.any(asked);
    expect({ status: refused.status, after: refused.headers.get('retry-after') }).toEqual({ status: 429, after: '1' });
    expect(await refused.json()).toMatchObject({ error: { code: 'QUEUE_FULL', retry: true } });
    gone.abort();
    await Promise.allSettled(asked);
    while (!signals.every(({ aborted }) => aborted)) await new Promise((resolve) => setTimeout(resolve, 5));
    release.resolve();
    await call('/v1/similar', { text: 'at last' });
    expect(embedded.filter((sentence) => sentence.startsWith('question'))).toHaveLength(1);
    expect(embedded).toContain('at last');
  });
});

describe('with an empty memory', () => {
  afterEach(stop);

  it('says that there is nothing to search', async () => {
    const embedder = new HashEmbedder();
    const embed = embedder.embed.bind(embedder);
    const release = Promise.withResolvers<void>();
    embedder.embed = async (sentences) => {
      if (sentences[0] !== 'busy') await release.promise;
      return embed(sentences);
    };
    await start(embedder);
    expect(await refusal('/v1/similar', { text: 'busy' })).toMatch('MEMORY_EMPTY');
    release.resolve();
  });
});
