/** Every service in one process, with its threads, as its user has it: killed while it takes ticks, started again, ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { GrpcPusher } from '@hindcast/log-grpc';
import { emptyQuotes, tradeColumns } from '@hindcast/market';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { standalonePorts } from '../stack/services.mjs';
import { projectRoot } from '../stack/settings.mjs';
import { freePortOffset, until } from './hindcast-under-test.mjs';

jest.setTimeout(300_000);

const symbols = ['SPY', 'IBM', 'BAC'];
const batches = 60;
const tradesABatch = 200;
const trades = batches * tradesABatch;
const beginsUs = Date.parse('2013-10-07T13:30:00Z') * 1_000;
/** So that the sixty batches span a few minutes of each symbol. */
const stepUs = 20_000;

let home;
let offset;
let url;
let child;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'hindcast-standalone-'));
  offset = await freePortOffset();
  url = `http://127.0.0.1:${standalonePorts.http + offset}`;
  await start();
});
afterAll(async () => {
  if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

async function start() {
  const env = { ...process.env, NODE_OPTIONS: '', HINDCAST_HOME: home, HINDCAST_PORT_OFFSET: String(offset), HINDCAST_LOG_LEVEL: 'warn' };
  child = spawn(nodeExecutable(), [join(projectRoot, 'apps/standalone/dist/main.js')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  await until('standalone to be ready', async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${said}`);
    return fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
}

async function end(signal) {
  const ended = once(child, 'exit');
  child.kill(signal);
  const [code] = await ended;
  return code;
}

const get = async (path) => (await fetch(url + path)).json();
const post = async (path) => (await fetch(url + path, { method: 'POST' })).json();

/** Prices that only a whole order of rows brings about. */
function* pushed() {
  for (let first = 0; first < trades; first += tradesABatch) {
    const rows = Array.from({ length: tradesABatch }, (_, position) => {
      const at = first + position;
      const symbol = symbols[at % symbols.length];
      const instrument = { symbol, market: 'usa/equity', exchange: 'P', conditions: '' };
      return {
        ...instrument,
        timeUs: beginsUs + at * stepUs,
        id: String(at),
        price: 100 + (at % 97) / 100,
        size: 1 + (at % 7),
        side: 0,
        position,
      };
    });
    const origin = { source: 'test', receivedAtUs: beginsUs };
    yield { ...origin, slackUs: 0, marks: [], rejected: [], quotes: emptyQuotes, trades: tradeColumns(rows, origin) };
  }
}

async function settled() {
  await until('every trade to be stored and folded', async () => {
    const [ledger, progress] = await Promise.all([get('/v1/ledger'), get('/v1/progress')]);
    return ledger.totals?.trades.pending === 0 && progress.checkpoint_number === ledger.head_number;
  });
}

async function requireEverything() {
  await settled();
  expect(await post('/v1/ledger/verify')).toMatchObject({ verified: true, balanced: true, rows: trades, differences: [] });
  for (const symbol of symbols) {
    const { bars } = await get(`/v1/bars?symbol=${symbol}&interval=1d`);
    expect(bars.map((bar) => bar.trades)).toEqual([trades / symbols.length]);
    const { states } = await get(`/v1/states?symbol=${symbol}&limit=100000`);
    // One a second, from the end of the first bar to that of the last but one, each once.
    expect(states).toHaveLength(Math.floor(((trades - 1) * stepUs) / 1_000_000));
  }
}

it('loses nothing and doubles nothing when it is killed while it takes ticks', async () => {
  const pusher = new GrpcPusher({ url: `127.0.0.1:${standalonePorts.grpc + offset}`, windowMax: 4 });
  let acknowledged = 0;
  const kills = [10, 25, 45];
  let restarting;
  for await (const { ack } of pusher.pushAll(pushed())) {
    acknowledged += ack.accepted + ack.duplicate;
    if (acknowledged >= kills[0] * tradesABatch && restarting === undefined) {
      kills.shift();
      restarting = end('SIGKILL')
        .then(start)
        .then(() => (restarting = undefined));
    }
  }
  await restarting;
  pusher.close();
  expect(acknowledged).toBe(trades);
  await requireEverything();
});

it('sends everything to its store once more on demand, and has it once', async () => {
  expect(await post('/v1/ledger/resend')).toMatchObject({ rows: trades });
  await requireEverything();
});

it('ends by itself when it is asked to, and has everything when it is started again', async () => {
  expect(await end('SIGTERM')).toBe(0);
  await start();
  await requireEverything();
  expect(await end('SIGINT')).toBe(0);
});
