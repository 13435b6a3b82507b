/**
 * The clock set back an hour in the middle of a replay: the services and QuestDB run under libfaketime, whose offset is
 * changed while they run. Not an option of ours, so that nothing which reads the time by another way is spared. Redis alone
 * keeps the true time: its allocator asks for it before libfaketime is ready.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { canInstallPackages, findExecutable, installPackages } from '../../../servers/executables.mjs';
import { queryRows } from '../../contents.mjs';
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
  const redis = findExecutable(['redis-server', 'valkey-server']);
  const withoutLibrary = join(folder, basename(redis));
  writeFileSync(withoutLibrary, `#!/bin/sh\nunset LD_PRELOAD\nexec ${redis} "$@"\n`, { mode: 0o755 });
  const set = (seconds) => writeFileSync(offset, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  set(0);
  const variables = {
    PATH: `${folder}${delimiter}${process.env.PATH}`,
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
        await until('QuestDB to be an hour behind', async () => (await questDbTime(stack)) < Date.now() - (hour / 2) * 1_000);
        world.say('the clock is an hour behind');
        // Who is started now knows no other time than the earlier one.
        for (const name of ['tick-ingest', 'market-physics', 'state-broadcaster', 'questdb']) {
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

/** In milliseconds since the epoch, as the server sees it. */
async function questDbTime({ urls }) {
  const [[time]] = await queryRows(urls.questDb, 'SELECT now()');
  return Date.parse(time);
}

export const clockSetBack = {
  name: 'clock-set-back',
  title: 'the clock set back an hour, for everybody who runs and for who is started then',
  whyNot: whyNoLibrary,
  play: playClock,
};
