/**
 * The disk full for a minute: HINDCAST_HOME is a mounted tmpfs of its own, filled to the last byte by a file beside the
 * data. Mounting needs root; where that is not to be had the scene says so.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../hindcast-under-test.mjs';
import { lifeWith } from '../trouble.mjs';

const fullMs = 60_000;
const sizeMb = 3_072;
const blockBytes = 1 << 20;
const atOncePart = 0.9;

/** QuestDB takes room for each column of each table in advance; small pages leave a disk that trouble can fill. */
const smallPages = { QDB_CAIRO_WRITER_DATA_APPEND_PAGE_SIZE: '1048576', QDB_CAIRO_WAL_WRITER_DATA_APPEND_PAGE_SIZE: '1048576' };

function whyNoMount() {
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-mount-'));
  try {
    mount(folder, 1);
    execFileSync('umount', [folder]);
    return undefined;
  } catch {
    return 'a tmpfs cannot be mounted here; it needs root on Linux';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mount(folder, megabytes) {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
}

/** Takes what room there is, and whatever is set free, until `over` resolves; `full` is called once none is left. */
async function keepFull(file, { full, over }) {
  let isOver = false;
  void over.finally(() => (isOver = true));
  // The most of it at once: what is written takes seconds, in which a fast replay would be over.
  const { bavail, bsize } = statfsSync(dirname(file));
  execFileSync('fallocate', ['--length', String(Math.floor(bavail * bsize * atOncePart)), file], { stdio: 'pipe' });
  const descriptor = openSync(file, 'a');
  const zeros = Buffer.alloc(blockBytes);
  try {
    fill(descriptor, zeros);
    full();
    while (!isOver) {
      await sleep(100);
      fill(descriptor, zeros);
    }
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
}

function fill(descriptor, zeros) {
  for (let bytes = zeros.length; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    try {
      for (;;) writeSync(descriptor, zeros, 0, bytes);
    } catch {
      // A smaller piece may still fit.
    }
  }
}

async function playFullDisk(world) {
  const disk = mkdtempSync(join(tmpdir(), 'hindcast-full-'));
  mount(disk, sizeMb);
  try {
    return await lifeWith(world, {
      home: join(disk, 'home'),
      variables: smallPages,
      async trouble({ stack, replay }) {
        const over = Promise.withResolvers();
        let filling;
        const fillUp = async () => {
          const isFull = Promise.withResolvers();
          filling = keepFull(join(disk, 'ballast'), { full: isFull.resolve, over: over.promise });
          filling.catch(isFull.reject);
          await isFull.promise;
        };
        const began = performance.now();
        try {
          await replay.heldWhile(fillUp);
          world.say((await untilSaid(stack, replay)).join('; '));
          await sleep(fullMs - (performance.now() - began));
        } finally {
          over.resolve();
        }
        await filling;
      },
    });
  } finally {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  }
}

function untilSaid(stack, replay) {
  return until('somebody to say that something is wrong', async () => {
    const refusals = replay
      .said()
      .split('\n')
      .filter((line) => line.includes('LOG_UNAVAILABLE'));
    const faults = [...(await faultsSaid(stack)), ...refusals];
    return faults.length > 0 && faults;
  });
}

async function faultsSaid(stack) {
  const { members } = await stack.status();
  return members.filter(({ detail }) => detail !== null).map(({ name, detail }) => `${name}: ${detail}`);
}

export const diskFull = {
  name: 'disk-full',
  title: 'the disk full for a minute',
  whyNot: whyNoMount,
  play: playFullDisk,
};
