/** The log or the store gone from the disk, as after a folder was deleted; each is mended as docs/OPERATING.md says. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from '../../contents.mjs';
import { until } from '../../hindcast-under-test.mjs';
import { madeInHindsight } from '../kept-contents.mjs';
import { lifeWith } from '../trouble.mjs';

const wholeRecord = ['--from', '2013-10-07', '--to', '2013-10-11'];
const rebuild = (stack, mode) => stack.json(['physics', 'rebuild', '--mode', mode, ...wholeRecord]);

function lose({ home }, ...folders) {
  for (const folder of folders) rmSync(join(home, folder), { recursive: true });
}

async function pendingRows(stack) {
  const { totals } = await stack.json(['ledger']);
  return totals.trades.pending + totals.quotes.pending;
}

const stored = (stack) => until('everything to be stored', async () => (await pendingRows(stack)) === 0);

async function embedded({ urls }) {
  const progress = async () => (await fetch(`${urls.marketPhysics}/v1/progress`)).json();
  await until('every vector', async () => (await progress()).embedding_queue === 0, { boundMs: 600_000 });
}

/** What was acknowledged and not stored yet is gone with the log: the replay is refused by the new one, and sends all again. */
const logLost = {
  name: 'log-lost',
  title: 'everybody killed in the middle of a replay and the log deleted; the replay notices, and begins again',
  play: (world) =>
    lifeWith(world, {
      async trouble({ stack }) {
        await Promise.all(['tick-ingest', 'market-physics'].map((name) => stack.kill(name)));
        await stack.stop();
        lose(stack, 'tick-log');
        await stack.startDetached();
      },
    }),
};

/** Nothing was trimmed yet: everything comes from the log, and nobody needs the sources. */
const storeLostLogWhole = {
  name: 'store-lost-log-whole',
  title: "QuestDB's folder deleted in the middle of a replay, while the log holds everything",
  play: (world) =>
    lifeWith(world, {
      async trouble({ stack }) {
        await stack.stop();
        lose(stack, 'questdb');
        await stack.startDetached();
        const { rows } = await stack.json(['ledger', 'resend']);
        world.say(`${rows} rows of the log go to the store again`);
      },
      async mending({ stack }) {
        await stored(stack);
        await rebuild(stack, 'live');
        await embedded(stack);
      },
    }),
};

/** What was trimmed is nowhere but with its source: what the log has goes to the store, a new log begins beside it, the source sends all. */
const storeLostLogTrimmed = {
  name: 'store-lost-log-trimmed',
  title: "QuestDB's folder deleted after a replay, of which the log holds a part; the source sends it again",
  play: (world) =>
    lifeWith(world, {
      variables: { HINDCAST_LOG_KEEP_ROWS: '100000' },
      contents: madeInHindsight,
      trouble: () => Promise.resolve(),
      async mending({ stack }) {
        await stack.stop();
        lose(stack, 'questdb');
        await stack.startDetached();
        const { verified } = await stack.json(['ledger', 'resend']).then(() => verification(stack));
        if (verified) throw new Error('the ledger verifies although the store lost what the log does not have');
        await stored(stack);
        await stack.stop();
        lose(stack, 'tick-log');
        await stack.startDetached();
        await stack.json([...world.replay, '--restart']);
        await rebuild(stack, 'hindsight');
        await embedded(stack);
      },
    }),
};

async function verification(stack) {
  const { stdout } = await stack.command(['ledger', 'verify', '--json']).ended;
  return JSON.parse(stdout);
}

/** QuestDB suspends a table that it could not write; what was acknowledged waits in its own log. */
const tableSuspended = {
  name: 'table-suspended',
  title: 'trades and market_states suspended in the middle of a replay; they are resumed without anybody doing anything',
  play: (world) =>
    lifeWith(world, {
      variables: { QDB_DEV_MODE_ENABLED: 'true' },
      async trouble({ stack }) {
        for (const table of ['trades', 'market_states']) await execute(stack.urls.questDb, `ALTER TABLE ${table} SUSPEND WAL`);
      },
    }),
};

export const lostScenes = [logLost, storeLostLogWhole, storeLostLogTrimmed, tableSuspended];
