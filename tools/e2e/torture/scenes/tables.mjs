/** Tables that somebody drops or changes under running services: a clear stop, and a mending without loss. */
import { execute } from '../../contents.mjs';
import { until } from '../../hindcast-under-test.mjs';
import { dependencyOf, lifeWith } from '../trouble.mjs';

const wholeRecord = ['--from', '2013-10-07', '--to', '2013-10-11'];

/** Resolves when the dependency is not up and names the table; a server that is merely slow says something else. */
async function untilDown({ stack, world }, { service, dependency, table }) {
  const health = await until(`${service} to say what is wrong`, async () => {
    const report = await dependencyOf(stack, service, dependency);
    return report?.up === false && JSON.stringify(report).includes(table) && report;
  });
  world.say(`${service}, ${dependency}: ${health.detail ?? JSON.stringify(health)}`);
}

/** As docs/OPERATING.md says: stopped and started, which makes what is missing anew; then filled again. */
async function startedAnew({ stack }) {
  await stack.stop();
  await stack.startDetached();
}

async function stored({ stack }) {
  await until('everything to be stored', async () => {
    const { totals } = await stack.json(['ledger']);
    return totals.trades.pending + totals.quotes.pending === 0;
  });
}

/** `sees` is who says so in its health; `refill` asks at once for what was lost, `mending` when the replay is over. */
function tableDropped({ name, title, table, sees, refill, mending }) {
  const trouble = async (life) => {
    await execute(life.stack.urls.questDb, `DROP TABLE ${table}`);
    await untilDown(life, { ...sees, table });
    await startedAnew(life);
    await refill?.(life);
  };
  return { name, title, play: (world) => lifeWith(world, { trouble, mending }) };
}

const resent = ({ stack }) => stack.json(['ledger', 'resend']);

const statesDropped = tableDropped({
  name: 'table-dropped-states',
  title: 'market_states dropped in the middle of a replay, made anew and rebuilt',
  table: 'market_states',
  sees: { service: 'market-physics', dependency: 'tick_store' },
  mending: ({ stack }) => stack.json(['physics', 'rebuild', '--mode', 'live', ...wholeRecord]),
});

const tradesDropped = tableDropped({
  name: 'table-dropped-trades',
  title: 'trades dropped in the middle of a replay, made anew and filled from the log',
  table: 'trades',
  sees: { service: 'tick-ingest', dependency: 'drain' },
  refill: resent,
  mending: stored,
});

const columnChanged = {
  name: 'column-type-changed',
  title: 'trades.price made a FLOAT in the middle of a replay, and a DOUBLE again',
  play: (world) =>
    lifeWith(world, {
      async trouble(life) {
        const { questDb } = life.stack.urls;
        await execute(questDb, 'ALTER TABLE trades ALTER COLUMN price TYPE FLOAT');
        await untilDown(life, { service: 'tick-ingest', dependency: 'drain', table: 'trades' });
        await execute(questDb, 'ALTER TABLE trades ALTER COLUMN price TYPE DOUBLE');
        // What was stored before has lost its last digits with the first change.
        await resent(life);
      },
      mending: stored,
    }),
};

export const tableScenes = [statesDropped, tradesDropped, columnChanged];
