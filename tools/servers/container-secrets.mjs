/**
 * The passwords of a stack in containers: `node tools/servers/container-secrets.mjs questdb=FOLDER redis=FOLDER` makes what
 * is missing. A folder is a volume that only the containers mount which need it. Each of them runs as a user of its own, so
 * the files are open to all of them; the engine's folder of volumes keeps everybody else away.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureSecrets, readSecret, redisUserLine } from './secrets.mjs';

const modeInVolume = 0o444;

/** @param {{ questdb: string, redis: string }} folders */
export function makeContainerSecrets({ questdb, redis }) {
  const made = mkdtempSync(join(tmpdir(), 'hindcast-secrets-'));
  try {
    const files = ensureSecrets(made);
    keepOrPlace(files.questDb, join(questdb, 'password'));
    keepOrPlace(files.questDbReader, join(questdb, 'reader-password'));
    keepOrPlace(files.redis, join(redis, 'password'));
  } finally {
    rmSync(made, { recursive: true });
  }
  // Follows its password, which an operator may have replaced.
  place(redisUserLine(readSecret(join(redis, 'password'))), join(redis, 'users.acl'));
}

/**
 * @param {string} fresh
 * @param {string} target
 */
function keepOrPlace(fresh, target) {
  if (!existsSync(target)) place(readFileSync(fresh, 'utf8'), target);
}

/**
 * Whole or not at all.
 * @param {string} text
 * @param {string} target
 */
function place(text, target) {
  const unfinished = `${target}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, text);
  chmodSync(unfinished, modeInVolume);
  renameSync(unfinished, target);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { questdb, redis } = Object.fromEntries(process.argv.slice(2).map((argument) => argument.split('=')));
  if (!questdb || !redis) throw new Error('usage: container-secrets.mjs questdb=FOLDER redis=FOLDER');
  makeContainerSecrets({ questdb, redis });
}
