/**
 * The market's memory of the same trades in a stack and in the one process: the same questions have the same answers, bit for
 * bit, over HTTP, gRPC and the command line, and the same bad questions are refused in the same words.
 */
import { jest } from '@jest/globals';
import { GrpcCaller, whyNoQuestDb, whyNoRedis } from '@hindcast/testing';
import { ensureModel } from '../model/fetch-model.mjs';
import { cacheFolder } from '../servers/cache-folder.mjs';
import { services, standalonePorts } from '../stack/services.mjs';
import { HindcastUnderTest, until } from './hindcast-under-test.mjs';
import { questions, questionsInWords } from './similar/questions.mjs';
import { refusals, refusalsInWords } from './similar/refusals.mjs';
import { StandaloneUnderTest } from './standalone-under-test.mjs';
import { askJson, sendWalkedDays, walkedDays } from './walked-days.mjs';

jest.setTimeout(600_000);
const reason = whyNoQuestDb() ?? whyNoRedis();
const describeHere = reason === undefined ? describe : describe.skip;
const modelMissing = (await ensureModel({ cacheDir: cacheFolder(process.env) })).missing;
const describeWithModel = modelMissing === undefined ? describe : describe.skip;

const variables = { HINDCAST_EMBED_INTERVAL_MS: '300000' };
const physicsPort = services.find(({ name }) => name === 'market-physics').grpcPort;
const fitted = { from: walkedDays[0], to: walkedDays[2], intervalMs: 30_000, horizons: ['1m', '5m', '30m', 'end_of_day', 'next_day'] };

/** How long it took is nobody's promise. */
function told(value) {
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([name]) => !/^(elapsed|phases)_?ms$/i.test(name));
  return Object.fromEntries(fields.map(([name, field]) => [name, told(field)]));
}

/** `CODE: message` of a refusal and what helps, by HTTP and by gRPC. */
async function refusedBy({ physics, grpc }, { http, grpc: message }) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${physics}/v1/similar`, { method: 'POST', body: JSON.stringify(http), headers });
  const { error } = await response.json();
  const ofGrpc = await grpc.refusal('FindSimilar', message);
  return [error, ofGrpc].map(({ code, message: words, help }) => ({ said: `${code}: ${words}`, helps: help }));
}

/** A Hindcast with the memory of the walked days. */
class Remembering {
  constructor(hindcast, { physics, grpcPort }) {
    this.hindcast = hindcast;
    this.physics = physics;
    this.grpc = GrpcCaller.to({ proto: 'market_physics.proto', service: 'hindcast.v1.MarketPhysics', port: grpcPort });
  }

  static async standalone() {
    const hindcast = await StandaloneUnderTest.start(variables);
    return new Remembering(hindcast, {
      physics: hindcast.url,
      grpcPort: standalonePorts.grpc + Number(hindcast.env.HINDCAST_PORT_OFFSET),
    });
  }

  static async stack() {
    const hindcast = await HindcastUnderTest.create(variables);
    await hindcast.startDetached();
    return new Remembering(hindcast, { physics: hindcast.urls.marketPhysics, grpcPort: physicsPort + hindcast.settings.portOffset });
  }

  ask(path, method, body) {
    return askJson(this.physics + path, method, body);
  }

  async ended(path, body) {
    let job = await this.ask(path, 'POST', body);
    await until(`the ${job.kind} of ${job.memory}`, async () => {
      job = await this.ask(`/v1/memory/jobs/${job.id}`);
      return job.state !== 'running';
    });
    if (job.state !== 'done') throw new Error(JSON.stringify(job));
  }

  async remember() {
    await sendWalkedDays(this.hindcast.urls.tickIngest);
    await until('all trades to be followed and put into words', async () => {
      const [ledger, progress] = await Promise.all([askJson(`${this.hindcast.urls.tickIngest}/v1/ledger`), this.ask('/v1/progress')]);
      const isFollowed = progress.checkpoint_number === ledger.head_number && Object.values(ledger.totals).every(({ pending }) => !pending);
      return isFollowed && (progress.embedding_queue === 0 || modelMissing !== undefined);
    });
    for (const memory of ['early', 'whole', 'empty']) await this.ended('/v1/memory/fits', { id: memory, ...fitted });
    await this.ended('/v1/memory/builds', { memory: 'early', to: walkedDays[2], measure: false });
    await this.ended('/v1/memory/builds', { memory: 'whole' });
    await this.ask('/v1/memory/in-use', 'PUT', { memory: 'whole' });
    await until('the memory to be kept up', async () => {
      const { keeper } = await this.ask('/v1/memory');
      return keeper.memory === 'whole' && keeper.behind_seconds === 0;
    });
  }

  async dispose() {
    this.grpc.close();
    expect(await this.hindcast.dispose()).toEqual([]);
  }
}

describeHere(`the memory of one process and that of a stack${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let standalone;
  let stack;
  const both = () => [standalone, stack];
  beforeAll(async () => {
    // One after the other: which ports are free is looked up first.
    standalone = await Remembering.standalone();
    stack = await Remembering.stack();
    await Promise.all(both().map((each) => each.remember()));
  });
  afterAll(() => Promise.all(both().map((each) => each?.dispose())));

  it('hold the same', async () => {
    const [here, there] = await Promise.all(both().map((each) => each.ask('/v1/memory')));
    // How a store's files lie hangs on when it was written to.
    const ofFiles = { size_bytes: undefined, fragments: undefined };
    const facts = ({ memories }) => memories.map((memory) => ({ ...memory, ...ofFiles }));
    expect(facts(here)).toEqual(facts(there));
    expect(here.memories.find(({ id }) => id === 'whole')).toMatchObject({ in_use: true, skill: { days: 2 } });
    const [skill, skillThere] = await Promise.all(both().map((each) => each.ask('/v1/skill')));
    expect(skill).toEqual(skillThere);
  });

  async function answersAlike({ http, grpc }) {
    const [here, there] = await Promise.all(both().map((each) => each.ask('/v1/similar', 'POST', http)));
    expect(here.neighbours.length).toBeGreaterThan(0);
    if (here.query.signature && http.signature === undefined) expect(here.query.signature).toMatchObject({ spread_1m: expect.any(Number) });
    expect(told(here)).toEqual(told(there));
    const [message, messageThere] = await Promise.all(both().map((each) => each.grpc.unary('FindSimilar', grpc)));
    expect(message.neighbours.map(({ symbol, distance }) => [symbol, distance])).toEqual(
      here.neighbours.map(({ symbol, distance }) => [symbol, distance]),
    );
    expect(told(message)).toEqual(told(messageThere));
    // And again of the same process.
    expect(told(await stack.ask('/v1/similar', 'POST', http))).toEqual(told(there));
  }

  describe('answer alike about', () => {
    it.each(Object.entries(questions))('%s', (_name, question) => answersAlike(question));
  });

  describeWithModel(`answer alike in the text space${modelMissing === undefined ? '' : ` (skipped: ${modelMissing})`} about`, () => {
    it.each(Object.entries(questionsInWords))('%s', (_name, question) => answersAlike(question));
  });

  async function refuseAlike({ said, saidByCli = said, helps = '', ...question }) {
    for (const door of (await Promise.all(both().map((each) => refusedBy(each, question)))).flat()) {
      expect(door).toEqual({ said: typeof said === 'string' ? said : expect.stringMatching(said), helps: expect.stringContaining(helps) });
    }
    // It asks by HTTP; once is enough.
    const { code, stderr } = await standalone.hindcast.command(['similar', ...question.cli]).ended;
    expect(code).not.toBe(0);
    // What helps stands behind it.
    const beginning =
      typeof saidByCli === 'string' ? saidByCli : new RegExp(saidByCli.source.replace(/^\^/, '^hindcast: ').replace(/\$$/, ''));
    expect(stderr).toEqual(typeof beginning === 'string' ? expect.stringContaining(beginning) : expect.stringMatching(beginning));
    expect(stderr).toContain(helps);
  }

  describe('refuse alike', () => {
    it.each(Object.entries(refusals))('%s', (_name, refusal) => refuseAlike(refusal));
  });

  describeWithModel(`refuse alike in the text space${modelMissing === undefined ? '' : ` (skipped: ${modelMissing})`}`, () => {
    it.each(Object.entries(refusalsInWords))('%s', (_name, refusal) => refuseAlike(refusal));
  });

  it('answer alike by the command line', async () => {
    const question = ['similar', '--symbol', 'IBM', '--at', '2013-10-09T15:00:00Z', '--explain', '--where', 'return_5m<=2'];
    const [here, there] = await Promise.all(both().map(({ hindcast }) => hindcast.json(question)));
    expect(here.neighbours).toHaveLength(5);
    expect(told(here)).toEqual(told(there));
  });
});
