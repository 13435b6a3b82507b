/**
 * The whole of Hindcast as its user has it, on recorded days: started, fed, read, disturbed, stopped. What comes out is
 * held against the files themselves and against a second stack that had another life.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { readLeanRows, seededRandom, whyNoLeanData, whyNoQuestDb, whyNoRedis } from '@hindcast/testing';
import { Redis } from 'ioredis';
import { pythonEnvironment, runReadmePython } from '../docs/run-readme-python.mjs';
import { ensureModel } from '../model/fetch-model.mjs';
import { cacheFolder } from '../servers/cache-folder.mjs';
import { services } from '../stack/services.mjs';
import { embeddingsOf, firstDifference, queryRows, statesOf, tradesOf } from './contents.mjs';
import { replayDisturbed } from './disturbed-replay.mjs';
import { everybody, planDisturbances } from './disturbances.mjs';
import { HindcastUnderTest, until } from './hindcast-under-test.mjs';
import { holesIn, listenBySse, listenByWebSocket, listenToRedis } from './listeners.mjs';
import { csvOf, readArrow, readCsv, readPages } from './market-data-reading.mjs';
import { barsOf, quotesByUtcDay, recordedTrades, tradesByUtcDay } from './recorded-days.mjs';
import { firstDay, hindsightRebuild, replayOf, secondDay, symbols, variables } from './scenes.mjs';

/** For a machine that has other things to do; nothing here is measured. */
const boundMs = 600_000;
jest.setTimeout(boundMs);
const reason = whyNoLeanData() ?? whyNoQuestDb() ?? whyNoRedis();
const describeHere = reason === undefined ? describe : describe.skip;
const cacheDir = cacheFolder(process.env);
const modelMissing = reason ?? (await ensureModel({ cacheDir })).missing;
const pythonMissing = reason ?? (await pythonEnvironment({ cacheDir })).skipped;

/** A test that needs more than the servers; its name says what it lacks. */
function itWith(missing, name, body) {
  if (missing === undefined) it(name, body);
  else it.skip(`${name} (skipped: ${missing})`, body);
}

/** Midnight in New York; states of the first day go on for some minutes after the midnight of UTC. */
const secondDayBegins = '2013-10-08T04';
const secondDayUs = Date.parse(`${secondDayBegins}:00:00Z`) * 1_000;
const wholeSpan = { from: '2013-10-01', to: '2013-11-01' };
const minuteUs = 60_000_000;
const spyTrades = 1_000;

/** The first and the last five trades as pandas prints them: time, price, size, side, exchange. */
function printedTrades(output) {
  const lines = output.split('\n').filter((line) => line.startsWith('2013-10-07'));
  return lines.map((line) => {
    const [day, time, price, size, side, exchange] = line.split(/\s+/);
    // pandas writes an absent word as None or as NaN, by its version.
    return [Date.parse(`${day}T${time}`), Number(price), Number(size), /^(None|NaN)$/.test(side) ? null : side, exchange];
  });
}

function asPrinted({ timeUs, price, size, side, exchange }) {
  return [timeUs / 1_000, price, size, side, exchange];
}

describeHere(`the whole stack${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let stack;
  let trades;
  const reference = {};

  beforeAll(async () => {
    trades = Object.fromEntries(symbols.map((symbol) => [symbol, recordedTrades(symbol, ['20131007', '20131008'])]));
    // The log keeps nothing that every follower has: each duplicate is then looked up in the store.
    stack = await HindcastUnderTest.create({ ...variables, HINDCAST_LOG_KEEP_ROWS: '0' });
    await stack.startDetached();
  });

  afterAll(async () => {
    await stack?.dispose();
  });

  const firstDays = () =>
    Object.fromEntries(symbols.map((symbol) => [symbol, trades[symbol].filter(({ timeUs }) => timeUs < secondDayUs)]));

  it('is ready, with every migration applied', async () => {
    const { stack: state, members } = await stack.status();
    expect(state).toBe('running');
    expect(members.map(({ name, health }) => [name, health])).toEqual(
      ['redis', 'questdb', ...services.map(({ name }) => name)].map((name) => [name, 'ready']),
    );
    const migrations = await stack.json(['migrate', 'status']);
    expect(migrations.filter(({ state: applied }) => applied !== 'applied')).toEqual([]);
    expect(new Set(migrations.map(({ store }) => store))).toEqual(new Set(['questdb', 'lancedb', 'redis']));
  });

  it('takes a day in, balanced and verified, while everybody who listens hears of every state', async () => {
    const { webSocket, stream, redis } = stack.urls;
    const listeners = [await listenByWebSocket(webSocket, ['*']), await listenBySse(stream, symbols)];
    const plain = await listenToRedis(redis);
    const replay = stack.command([...replayOf({ from: firstDay, kinds: 'trades,quotes' }), '--json']);
    await until('the first states', () => plain.messages.length > 100);
    listeners.push(await listenByWebSocket(webSocket, symbols));
    const { code, stdout, stderr } = await replay.ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const rows =
      symbols.reduce((sum, symbol) => sum + firstDays()[symbol].length, 0) +
      readLeanRows({ symbol: 'IBM', day: '20131007', kind: 'quote' }).length;
    expect(JSON.parse(stdout)).toMatchObject({
      received: rows,
      accepted: rows,
      duplicate: 0,
      rejected: 0,
      late: 0,
      unreadable: 0,
      late_days: null,
      ledger: { balanced: true, verified: true, rows, differences: [] },
    });

    const stored = await queryRows(stack.urls.questDb, 'SELECT symbol, timestamp FROM market_states ORDER BY timestamp');
    for (const symbol of symbols) {
      const timestamps = stored.filter(([of]) => of === symbol).map(([, time]) => `${time.slice(0, 19)}Z`);
      expect(timestamps.length).toBeGreaterThan(10_000);
      for (const { messages } of listeners) {
        // What was published last may still be on its way.
        await until('the last state', () => holesIn(messages, { symbol, timestamps }).place === timestamps.length - 1);
        expect(holesIn(messages, { symbol, timestamps }).holes).toEqual([]);
      }
      expect(plain.messages.filter((message) => message.symbol === symbol).map(({ timestamp }) => timestamp)).toEqual(timestamps);
    }
    const heard = listeners.flatMap(({ messages }) => [messages.find(({ event }) => event === 'SNAPSHOT' || event === 'PHYSICS_UPDATE')]);
    expect(heard.map(({ event }) => event)).toEqual(['SNAPSHOT', 'SNAPSHOT', 'SNAPSHOT']);
    for (const message of plain.messages) {
      expect(Object.keys(message)).toEqual(['event', 'symbol', 'timestamp', 'data']);
      expect(Object.keys(message.data).slice(0, 2)).toEqual(['alpha', 'regime']);
    }
    await Promise.all([...listeners, plain].map((listener) => listener.close()));
  });

  it('holds the keys of 001 in Redis, and lets only the snapshot expire', async () => {
    const redis = new Redis(stack.urls.redis);
    const state = JSON.parse(await redis.get('physics:state:IBM'));
    expect(Object.keys(state).slice(0, 7)).toEqual(['mass', 'momentum', 'friction', 'entropy', 'nash_dist', 'regime', 'alpha_coefficient']);
    const [[time, mass, momentum]] = await queryRows(
      stack.urls.questDb,
      "SELECT timestamp, mass, momentum FROM market_states WHERE symbol = 'IBM' LIMIT -1",
    );
    expect(state).toMatchObject({ symbol: 'IBM', timestamp: `${time.slice(0, 19)}Z`, mass: Number(mass), momentum: Number(momentum) });
    expect(await redis.ttl('physics:state:IBM')).toBe(-1);
    const snapshot = await redis.hgetall('market:snapshot:IBM');
    expect(Object.keys(snapshot).sort()).toEqual(['ask', 'bid', 'market', 'price', 'timestamp', 'volume']);
    expect(Number(snapshot.price)).toBe(firstDays().IBM.at(-1).price);
    expect(snapshot.timestamp).toMatch(/^1381\d{6}$/);
    const ttl = await redis.ttl('market:snapshot:IBM');
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(60);
    redis.disconnect();
  });

  it('holds as many rows of each symbol and UTC day as the files', async () => {
    const countsOf = async (table) => {
      const query = `SELECT symbol, to_str(timestamp, 'yyyy-MM-dd') AS day, count() FROM ${table} ORDER BY symbol, day`;
      const bySymbol = Map.groupBy(await queryRows(stack.urls.questDb, query), ([symbol]) => symbol);
      const byDay = (rows) => Object.fromEntries(rows.map(([, day, count]) => [day, Number(count)]));
      return Object.fromEntries([...bySymbol].map(([symbol, rows]) => [symbol, byDay(rows)]));
    };
    expect(await countsOf('trades')).toEqual(Object.fromEntries(symbols.map((symbol) => [symbol, tradesByUtcDay(firstDays()[symbol])])));
    expect(await countsOf('quotes')).toEqual({ IBM: quotesByUtcDay('IBM', ['20131007']) });
  });

  it.each(
    symbols.flatMap((symbol) => [
      [symbol, '1m', minuteUs],
      [symbol, '1d', 1_440 * minuteUs],
    ]),
  )('gives the bars of the files, every one: %s %s', async (symbol, interval, intervalUs) => {
    const expected = barsOf(firstDays()[symbol], intervalUs).map(({ startUs, ...bar }) => ({
      timestamp: `${new Date(startUs / 1000).toISOString().slice(0, 19)}Z`,
      symbol,
      market: 'usa/equity',
      ...bar,
      // Summed in another order: the last bits may differ.
      vwap: expect.closeTo(bar.vwap, 9),
    }));
    const url = `${stack.urls.marketData}/v1/bars`;
    const read = () => readPages(url, { ...wholeSpan, symbol, interval }, { rowsName: 'bars', limit: 500 });
    // Views follow their table, a moment behind.
    const tradesIn = (bars) => bars.reduce((sum, bar) => sum + bar.trades, 0);
    const bars = await until('the bars of all trades', async () => read().then((rows) => tradesIn(rows) === tradesIn(expected) && rows));
    expect(bars).toEqual(expected);
  });

  it.each(['trades', 'quotes', 'states'])('gives the same %s in pages of JSON, as CSV and as Arrow', async (rowsName) => {
    const url = `${stack.urls.marketData}/v1/${rowsName}`;
    const query = { from: '2013-10-07T15:00:00Z', to: '2013-10-07T16:00:00Z', symbol: 'IBM' };
    const pages = await readPages(url, query, { rowsName, limit: 1_234 });
    expect(pages.length).toBeGreaterThan(2_000);
    expect(firstDifference(await readCsv(url, query), csvOf(pages))).toBeUndefined();
    const inJson = (rows) => rows.map((row) => JSON.stringify(row));
    expect(firstDifference(inJson(await readArrow(url, query)), inJson(pages))).toBeUndefined();
  });

  it('gives each trade of the file as it stands there', async () => {
    const rows = await readPages(
      `${stack.urls.marketData}/v1/trades`,
      { ...wholeSpan, symbol: 'IBM' },
      { rowsName: 'trades', limit: 10_000 },
    );
    const told = rows.map(({ timestamp, price, size, exchange, side }) =>
      [Date.parse(timestamp) * 1_000, price, size, exchange, side].join(),
    );
    const expected = firstDays().IBM.map(({ timeUs, price, size, exchange, side }) => [timeUs, price, size, exchange, side].join());
    expect(firstDifference(told, expected)).toBeUndefined();
  });

  it('takes nothing of the same day again, although the log was trimmed', async () => {
    const metrics = async () => (await fetch(`${stack.urls.tickIngest}/metrics`)).text();
    await until('the log to be trimmed', async () => /^hindcast_log_rows\{[^}]*\} 0$/m.test(await metrics()));
    const summary = await stack.json(replayOf({ from: firstDay, kinds: 'trades,quotes', batch: 7_000 }));
    expect(summary).toMatchObject({ accepted: 0, duplicate: summary.received, rejected: 0, ledger: { balanced: true, verified: true } });
  });

  it('takes the next day in, and remembers both as what comes after is measured by', async () => {
    const summary = await stack.json(replayOf({ from: secondDay }));
    expect(summary).toMatchObject({ accepted: summary.received, late: 0, ledger: { balanced: true, verified: true } });
    reference.trades = await tradesOf(stack, symbols);
    reference.live = await statesOf(stack, symbols, { mode: true });
    reference.states = await statesOf(stack, symbols);
    reference.embeddings = await embeddingsOf(stack, symbols);
    expect(reference.trades.length - 1).toBe(symbols.reduce((sum, symbol) => sum + trades[symbol].length, 0));
    if (modelMissing === undefined) expect(reference.embeddings.length).toBeGreaterThan(100);
  });

  itWith(modelMissing, 'finds five moments like one, with a receipt, and none that was not known then', async () => {
    const at = '2013-10-08T15:30:00Z';
    const question = ['similar', '--symbol', 'IBM', '--at', at, '--space', 'text'];
    const { neighbours, receipt, query } = await stack.json(question);
    expect(query).toMatchObject({ symbol: 'IBM', timestamp: at });
    expect(neighbours).toHaveLength(5);
    expect(neighbours.map(({ distance }) => distance)).toEqual(neighbours.map(({ distance }) => distance).toSorted((a, b) => a - b));
    expect(receipt).toMatchObject({ table: 'market_state_embeddings', rows: reference.embeddings.length, as_of: at });
    const newest = ({ neighbours: moments }) =>
      moments
        .map(({ timestamp }) => timestamp)
        .toSorted()
        .at(-1);
    expect(newest({ neighbours }) <= at).toBe(true);
    const everything = ['--k', '100', '--as-of'];
    const earlier = '2013-10-07T16:00:00Z';
    expect(newest(await stack.json([...question, ...everything, earlier])) <= earlier).toBe(true);
    expect(newest(await stack.json([...question, ...everything, '2013-10-09T00:00:00Z'])) > at).toBe(true);
  });

  itWith(pythonMissing, "gives the README's Python its day", async () => {
    const spy = recordedTrades('SPY', ['20131007']).slice(0, spyTrades);
    const rows = spy.map(({ timeUs, price, size, exchange }) => ({ symbol: 'SPY', timestamp: timeUs, price, size, exchange }));
    const body = JSON.stringify({ source: 'lean', offset: 1, trades: rows });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${stack.urls.tickIngest}/v1/trades`, { method: 'POST', headers, body });
    expect(await answer.json()).toMatchObject({ accepted: spyTrades, duplicate: 0, rejected: 0 });
    await until('the trades to be stored', async () => (await stack.json(['ledger'])).totals.trades.pending === 0);
    const { output } = await runReadmePython({ url: stack.urls.marketData, cacheDir });
    expect(output.trimEnd().split('\n').at(-1)).toBe(`[${spyTrades} rows x 4 columns]`);
    expect(printedTrades(output)).toEqual([...spy.slice(0, 5), ...spy.slice(-5)].map(asPrinted));
  });

  it('makes the same states again in hindsight, but for their mode', async () => {
    await stack.json([...hindsightRebuild, '--symbols', symbols.join(',')]);
    reference.hindsight = await statesOf(stack, symbols, { mode: true });
    const inHindsight = reference.live.map((line) => line.replace(/"live"$/, '"hindsight"'));
    expect(firstDifference(reference.hindsight, inHindsight)).toBeUndefined();
  });

  it('without its log begins another one beside the store: it inherits, and takes nothing again', async () => {
    await stack.stop();
    expect(stack.processesLeft()).toEqual([]);
    rmSync(join(stack.home, 'tick-log'), { recursive: true });
    await stack.startDetached();
    const before = await stack.json(['ledger']);
    expect(before.totals.trades).toMatchObject({ received: 0, stored: before.totals.trades.inherited });
    expect(before.totals.trades.inherited).toBeGreaterThanOrEqual(reference.trades.length - 1);
    const summary = await stack.json(replayOf({ from: firstDay, to: secondDay }));
    expect(summary).toMatchObject({ accepted: 0, duplicate: summary.received, ledger: { balanced: true, verified: true } });
    expect(firstDifference(await statesOf(stack, symbols), reference.states)).toBeUndefined();
    expect(firstDifference(await embeddingsOf(stack, symbols), reference.embeddings)).toBeUndefined();
  });

  it('ends without a process left', async () => {
    await stack.stop();
    expect(stack.processesLeft()).toEqual([]);
    expect(readdirSync(join(stack.home, 'run')).filter((file) => file.endsWith('.json'))).toEqual([]);
  });

  it('comes to the same bits when the replay is stopped and resumed and every service and server is killed on the way', async () => {
    const seed = Number(process.env.HINDCAST_SEED || Date.now() % 1_000_000);
    const disturbed = await HindcastUnderTest.create(variables);
    try {
      await disturbed.startDetached();
      const rows = symbols.reduce((sum, symbol) => sum + trades[symbol].length, 0);
      const options = { random: seededRandom(seed), rows, victims: everybody, kills: everybody.length, interrupts: 1 };
      const plan = planDisturbances(options);
      const { summary, met } = await replayDisturbed(disturbed, replayOf({ from: firstDay, to: secondDay, batch: 500 }), plan);
      expect({ seed, met }).toEqual({ seed, met: plan });
      expect(summary.ledger).toMatchObject({ balanced: true, verified: true });
      expect({ seed, trades: firstDifference(await tradesOf(disturbed, symbols), reference.trades) }).toEqual({ seed });
      expect({ seed, states: firstDifference(await statesOf(disturbed, symbols, { mode: true }), reference.live) }).toEqual({ seed });
      expect({ seed, embeddings: firstDifference(await embeddingsOf(disturbed, symbols), reference.embeddings) }).toEqual({ seed });
    } finally {
      expect(await disturbed.dispose()).toEqual([]);
    }
  });

  it('comes to the same trades and hindsight states from days in reverse order, in a terminal, and Ctrl-C ends it all', async () => {
    const reversed = await HindcastUnderTest.create(variables);
    try {
      await reversed.startForeground();
      await reversed.json(replayOf({ from: secondDay, batch: 50_000 }));
      const live = reference.live.filter((line) => line.slice(1) > secondDayBegins);
      expect(firstDifference(await statesOf(reversed, symbols, { mode: true }), live)).toBeUndefined();
      const summary = await reversed.json(replayOf({ from: firstDay, batch: 50_000 }));
      expect(summary).toMatchObject({
        accepted: summary.received,
        late: summary.received,
        late_days: { symbols, fromDay: firstDay },
        ledger: { balanced: true, verified: true },
      });
      expect(firstDifference(await tradesOf(reversed, symbols), reference.trades)).toBeUndefined();
      await reversed.json(hindsightRebuild);
      expect(firstDifference(await statesOf(reversed, symbols, { mode: true }), reference.hindsight)).toBeUndefined();
      await until(
        'the vectors',
        async () =>
          (await fetch(`${reversed.urls.marketPhysics}/v1/progress`).then((answer) => answer.json())).embedding_queue === 0 ||
          modelMissing !== undefined,
      );
      expect(firstDifference(await embeddingsOf(reversed, symbols), reference.embeddings)).toBeUndefined();
      await reversed.interrupt();
      expect(reversed.processesLeft()).toEqual([]);
    } finally {
      expect(await reversed.dispose()).toEqual([]);
    }
  });
});
