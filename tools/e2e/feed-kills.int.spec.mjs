/**
 * Simulated feeds of the one process, which is killed at random moments, while it makes history, while it follows the clock and
 * while it starts. Afterwards the store has what the simulation says, computed here by itself: each tick once.
 *
 * HINDCAST_SEED and HINDCAST_KILLS choose the moments and how many there are.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { SimulatedMarket, simulatedSymbol } from '@hindcast/feeds';
import { textAt, wordAt } from '@hindcast/market';
import { seededRandom } from '@hindcast/testing';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { standalonePorts } from '../stack/services.mjs';
import { projectRoot } from '../stack/settings.mjs';
import { freePortOffset, until } from './hindcast-under-test.mjs';

const kills = Number(process.env.HINDCAST_KILLS || 4);
const seed = Number(process.env.HINDCAST_SEED || Math.floor(Math.random() * 1e9));
/** A start takes two to five seconds, so some kills come before the first tick of a process and some long after it. */
const killWithinMs = 8_000;

jest.setTimeout(120_000 + kills * 30_000);

const historySeconds = 1_800;
const feeds = [
  {
    name: 'pair',
    kind: 'simulator',
    market: 'simulated/pair',
    seed: 11,
    symbols: ['BTC-USDT', 'ETH-USDT'],
    historySeconds,
    batchRows: 500,
  },
  {
    name: 'busy',
    kind: 'simulator',
    market: 'simulated/busy',
    seed: 12,
    symbols: [{ symbol: 'SOL-USDT', tradesPerSecond: 20 }],
    historySeconds,
  },
];

let home;
let offset;
let url;
let child;
let said;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'hindcast-feed-kills-'));
  writeFileSync(join(home, 'feeds.json'), JSON.stringify({ feeds }));
  offset = await freePortOffset();
  url = `http://127.0.0.1:${standalonePorts.http + offset}`;
});
afterAll(async () => {
  if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

function start() {
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    HINDCAST_HOME: home,
    HINDCAST_PORT_OFFSET: String(offset),
    HINDCAST_LOG_LEVEL: 'warn',
    HINDCAST_FEED: join(home, 'feeds.json'),
  };
  child = spawn(nodeExecutable(), [join(projectRoot, 'apps/standalone/dist/main.js')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
}

async function end(signal) {
  const ended = once(child, 'exit');
  child.kill(signal);
  const [code] = await ended;
  return code;
}

function requireAlive() {
  if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${said}`);
}

const get = async (path) => (await fetch(url + path)).json();
const post = async (path) => (await fetch(url + path, { method: 'POST' })).json();

async function ready() {
  await until('the process to be ready', async () => {
    requireAlive();
    return fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
}

/** Up to the clock, stopped, and stored. */
async function toldAndStored() {
  await until('both feeds to follow the clock', async () => {
    const { feeds: shown } = await get('/v1/feeds');
    return shown.every(({ state, detail, lag_ms: lagMs }) => state === 'live' && !detail.includes('history') && lagMs < 5_000);
  });
  for (const { name } of feeds) expect(await post(`/v1/feeds/${name}/stop`)).toMatchObject({ state: 'stopped' });
  await until('every tick to be stored', async () => {
    const { totals } = await get('/v1/ledger');
    return totals.trades.pending + totals.quotes.pending === 0;
  });
}

/** Rows of a table as lines, each with what makes a tick. */
async function stored(table, { market, symbol, columns }) {
  const response = await fetch(`${url}/v1/${table}?symbol=${symbol}&market=${encodeURIComponent(market)}&format=csv`);
  expect(response.status).toBe(200);
  const [head, ...lines] = (await response.text()).trim().split('\n');
  const places = columns.map((column) => head.split(',').indexOf(column));
  expect(places).not.toContain(-1);
  return lines.map((line) => {
    const cells = line.split(',');
    return [symbol, ...places.map((place) => String(Number(cells[place]) || cells[place]))].join(' ');
  });
}

const sideNames = ['', 'B', 'S'];
const shown = (value) => String(Number(value) || value);

/** What the simulation has between two ticks of it, both included. */
function simulated({ market, seed: ofMarket, symbols }, { fromUs, throughUs }) {
  const specified = symbols.map((symbol) => simulatedSymbol(typeof symbol === 'string' ? { symbol } : symbol));
  const source = new SimulatedMarket({ seed: ofMarket, market, symbols: specified, fromUs, batchRows: 10_000 });
  const told = { trades: [], quotes: [] };
  for (let batch = source.take(throughUs + 1, 0); batch; batch = source.take(throughUs + 1, 0)) {
    const { trades, quotes } = batch;
    for (let row = 0; row < trades.length; row++)
      told.trades.push(
        [
          wordAt(trades.symbol, row),
          textAt(trades.id, row),
          shown(trades.price[row]),
          shown(trades.size[row]),
          sideNames[trades.side[row]],
        ].join(' '),
      );
    for (let row = 0; row < quotes.length; row++)
      told.quotes.push([wordAt(quotes.symbol, row), textAt(quotes.id, row), shown(quotes.bid[row]), shown(quotes.ask[row])].join(' '));
  }
  return told;
}

const columnsOf = { trades: ['trade_id', 'price', 'size', 'side'], quotes: ['quote_id', 'bid', 'ask'] };
const symbolOf = (symbol) => (typeof symbol === 'string' ? symbol : symbol.symbol);
const timeOf = (line) => Number(line.split(' ')[1]);
const byTime = (lines) => lines.toSorted((one, other) => timeOf(one) - timeOf(other) || (one < other ? -1 : 1));

async function requireWhatWasSimulated(feed, lastStartMs) {
  const kept = { trades: [], quotes: [] };
  for (const table of ['trades', 'quotes'])
    for (const symbol of feed.symbols.map(symbolOf))
      kept[table].push(...(await stored(table, { market: feed.market, symbol, columns: columnsOf[table] })));
  const times = [...kept.trades, ...kept.quotes].map(timeOf);
  const fromUs = times.reduce((least, time) => Math.min(least, time), Infinity);
  const throughUs = times.reduce((most, time) => Math.max(most, time), 0);
  // The first process to tell anything began at its own time less the history; none began later than the last one.
  expect(fromUs).toBeLessThan((lastStartMs / 1_000 - historySeconds + 120) * 1_000_000);
  expect(throughUs).toBeGreaterThan(lastStartMs * 1_000);
  const told = simulated(feed, { fromUs, throughUs });
  for (const table of ['trades', 'quotes']) {
    expect(kept[table].length).toBe(new Set(kept[table]).size);
    expect(byTime(kept[table])).toEqual(byTime(told[table]));
  }
  return kept.trades.length + kept.quotes.length;
}

it(`has each simulated tick once after ${kills} kills, seed ${seed}`, async () => {
  const random = seededRandom(seed);
  for (let kill = 0; kill < kills; kill++) {
    start();
    // The moment is the test's own, and not something that is waited for.
    await new Promise((resolve) => setTimeout(resolve, random() * killWithinMs));
    requireAlive();
    await end('SIGKILL');
  }
  const lastStartMs = Date.now();
  start();
  await ready();
  await toldAndStored();
  let rows = 0;
  for (const feed of feeds) rows += await requireWhatWasSimulated(feed, lastStartMs);
  expect(await post('/v1/ledger/verify')).toMatchObject({ verified: true, balanced: true, rows, differences: [] });
  expect((await get('/v1/ledger')).totals.trades).toMatchObject({ late: 0, rejected: 0 });
  expect(await end('SIGTERM')).toBe(0);
});
