/** A server that is away for a minute: killed, and killed again whenever it is started. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../hindcast-under-test.mjs';
import { dependencyOf, lifeWith } from '../trouble.mjs';

const awayMs = 60_000;

async function away({ stack, world }, server, { service, dependency }) {
  const over = sleep(awayMs);
  const down = stack.keepDown(server, over);
  await until(`${service} to say that ${server} is away`, async () => (await dependencyOf(stack, service, dependency))?.up === false);
  world.say(`${service}: ${(await dependencyOf(stack, service, dependency)).detail}`);
  await down;
  await until(`${server} to answer`, () => stack.answers(server));
}

export const redisAway = {
  name: 'redis-away',
  title: 'Redis away for a minute',
  play: (world) => lifeWith(world, { trouble: (life) => away(life, 'redis', { service: 'market-physics', dependency: 'bus' }) }),
};

export const questDbAway = {
  name: 'questdb-away',
  title: 'QuestDB away for a minute, while batches go on being taken',
  play: (world) =>
    lifeWith(world, {
      async trouble(life) {
        await away(life, 'questdb', { service: 'tick-ingest', dependency: 'questdb' });
      },
    }),
};

/** With a log that keeps nothing and is small, so that the doors must answer 429 until the store is back. */
export const questDbAwayLogFull = {
  name: 'questdb-away-log-full',
  title: 'QuestDB away for a minute, and a log that is full before it is back',
  play: (world) =>
    lifeWith(world, {
      variables: { HINDCAST_LOG_ROWS_MAX: '100000', HINDCAST_LOG_KEEP_ROWS: '0' },
      trouble: (life) => away(life, 'questdb', { service: 'tick-ingest', dependency: 'questdb' }),
    }),
};
