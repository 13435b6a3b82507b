/**
 * The passwords of the servers that a stack runs: random, made once, one file each that its owner alone may read. The
 * servers and whoever asks them are given the files' names, so no password stands on a command line or in a log.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The one user that writes; QuestDB's wire for Postgres clients has a second one that only reads. */
export const questDbUser = 'hindcast';
export const questDbReader = 'hindcast_reader';

const secretNames = /** @type {const} */ (['questdb-password', 'questdb-reader-password', 'redis-password']);
const secretBytes = 32;
const secretCharactersMax = 1_024;

/**
 * @typedef {object} SecretFiles
 * @property {string} questDb
 * @property {string} questDbReader
 * @property {string} redis
 */

/**
 * Where the passwords of a folder of data lie; they need not be there yet.
 * @param {string} home HINDCAST_HOME, or the folder of a server that runs alone
 * @returns {SecretFiles}
 */
export function secretFilesOf(home) {
  const [questDb, questDbReader, redis] = secretNames.map((name) => join(home, 'secrets', name));
  return { questDb: String(questDb), questDbReader: String(questDbReader), redis: String(redis) };
}

/**
 * Makes what is missing and leaves what is there, so that a folder of an earlier version gets its passwords when it is
 * started for the first time; takes the rights of others away where somebody had given them any.
 * @param {string} home
 * @returns {SecretFiles}
 */
export function ensureSecrets(home) {
  mkdirSync(join(home, 'secrets'), { recursive: true, mode: 0o700 });
  const files = secretFilesOf(home);
  for (const file of Object.values(files)) ensureSecret(file);
  return files;
}

/** @param {string} file */
function ensureSecret(file) {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode !== undefined) {
    if (mode & 0o077) chmodSync(file, 0o600);
    return;
  }
  // Whole or not at all: a set-up that was killed here must not leave half a password.
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${randomBytes(secretBytes).toString('base64url')}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/**
 * The password in a file; throws one sentence, without the password, where there is none.
 * @param {string} file
 */
export function readSecret(file) {
  const secret = readFileSync(file, 'utf8').trim();
  if (secret === '' || secret.length > secretCharactersMax || /\s/.test(secret)) {
    throw new Error(`${file} must hold one password of 1 to ${secretCharactersMax} characters and nothing else`);
  }
  return secret;
}

/**
 * The same URL with user and password in it: for those who connect, never for those who print.
 * @param {string} url
 * @param {{ user: string, password: string }} credentials
 */
export function withCredentials(url, { user, password }) {
  const complete = new URL(url);
  if (complete.username === '') complete.username = user;
  complete.password = encodeURIComponent(password);
  return complete.href.replace(/\/$/, '');
}

/** @param {string} url */
export function withoutCredentials(url) {
  const complete = new URL(url);
  if (complete.username === '' && complete.password === '') return url;
  complete.username = '';
  complete.password = '';
  return complete.href.replace(/\/$/, '');
}

/**
 * What an ACL file of Redis says of the one user that there is; it holds a hash, so reading it helps nobody in.
 * @param {string} password
 */
export function redisUserLine(password) {
  return `user default on #${createHash('sha256').update(password).digest('hex')} ~* &* +@all\n`;
}
