/**
 * The clock of the machine set back an hour in the middle of a replay: every process, the servers too, runs under
 * libfaketime, whose offset is changed while they run. Not an option of ours, so that nothing which reads the time by
 * another way is spared.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { canInstallPackages, installPackages } from '../../../servers/executables.mjs';
import { until } from '../../hindcast-under-test.mjs';
import { lifeWith } from '../trouble.mjs';

const libraries = '/usr/lib';
const hour = 3_600;

function findLibrary() {
  if (!existsSync(libraries)) return undefined;
  return readdirSync(libraries)
    .map((folder) => join(libraries, folder, 'faketime/libfaketime.so.1'))
    .find((file) => existsSync(file));
}

function whyNoLibrary() {
  if (findLibrary() === undefined && process.platform === 'linux' && canInstallPackages()) {
    try {
      installPackages(['libfaketime']);
    } catch {
      // The sentence below says what is missing.
    }
  }
  return findLibrary() === undefined ? 'libfaketime is not there (Debian: apt-get install libfaketime)' : undefined;
}

async function playClock(world) {
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-clock-'));
  const offset = join(folder, 'offset');
  const set = (seconds) => writeFileSync(offset, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  set(0);
  const variables = {
    LD_PRELOAD: findLibrary(),
    FAKETIME_TIMESTAMP_FILE: offset,
    FAKETIME_CACHE_DURATION: '1',
    // Set back is what the wall clock is; the one that only goes forward does, as on any machine.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  try {
    return await lifeWith(world, {
      variables,
      async trouble({ stack, replay }) {
        set(-hour);
        await until('Redis to be an hour behind', async () => (await redisTime(stack)) < Date.now() / 1_000 - hour / 2);
        world.say('the clock is an hour behind');
        // Who is started now knows no other time than the earlier one.
        for (const name of ['tick-ingest', 'market-physics', 'questdb', 'redis']) {
          await stack.kill(name);
          await until(`${name} to answer`, () => stack.answers(name));
        }
        await replay.reached(world.rows * 0.8);
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In seconds since the epoch, as the server sees it. */
async function redisTime({ urls }) {
  const redis = new Redis(urls.redis);
  try {
    return Number((await redis.time())[0]);
  } finally {
    redis.disconnect();
  }
}

export const clockSetBack = {
  name: 'clock-set-back',
  title: 'the clock set back an hour, for everybody who runs and for who is started then',
  whyNot: whyNoLibrary,
  play: playClock,
};
