/** market-physics stands still (SIGSTOP) while the replay goes on, until the log is full. */
import { until } from '../../hindcast-under-test.mjs';
import { dependencyOf, lifeWith } from '../trouble.mjs';

const smallLog = { HINDCAST_LOG_ROWS_MAX: '100000', HINDCAST_LOG_KEEP_ROWS: '0' };

/** The replay is told LOG_FULL, by 429 or its like, and waits. */
async function untilLogFull({ stack, replay, world }) {
  await stack.signal('market-physics', 'SIGSTOP');
  await until('the replay to hear LOG_FULL', () => replay.said().includes('LOG_FULL'));
  world.say(replay.said().trimEnd().split('\n').at(-1));
}

export const followerStalled = {
  name: 'follower-stalled',
  title: 'market-physics stands still until the log is full, and goes on',
  play: (world) =>
    lifeWith(world, {
      variables: smallLog,
      async trouble(life) {
        await untilLogFull(life);
        await life.stack.signal('market-physics', 'SIGCONT');
      },
    }),
};

export const followerCutOff = {
  name: 'follower-cut-off',
  title: 'market-physics stands still for longer than followerStallMs, is cut off, and catches up from the store',
  play: (world) =>
    lifeWith(world, {
      variables: { ...smallLog, HINDCAST_FOLLOWER_STALL_MS: '3000' },
      async trouble(life) {
        const { stack, replay, world: scene } = life;
        await untilLogFull(life);
        const log = await until('tick-ingest to say that market-physics is cut off', async () => {
          const health = await dependencyOf(stack, 'tick-ingest', 'log');
          return health?.detail?.includes('market-physics') && health;
        });
        scene.say(`tick-ingest: ${log.detail}`);
        await replay.reached(scene.rows * 0.9);
        await stack.signal('market-physics', 'SIGCONT');
      },
    }),
};
