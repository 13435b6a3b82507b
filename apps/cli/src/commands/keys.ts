import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HindcastError, isoFromUs, usFromIso } from '@hindcast/contracts';
import { formatKeyFile, keyHash, newKey, parseKeyFile, rights, type KeyEntry, type Right } from '@hindcast/service-kit/caller';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { table } from '../format/table.js';
import { loadCliConfig } from '../config.js';
import type { Terminal } from '../terminal.js';

export interface NewKeyOptions {
  readonly name: string;
  readonly rights: string;
  readonly expires?: string;
}

export interface RevokeOptions {
  readonly name: string;
}

/** Owner only: whoever may write the file may let anybody in. */
const fileMode = 0o600;

/** Prints the key alone on standard output, so that a script can keep it; the file keeps its hash. */
export async function newApiKey(options: NewKeyOptions, { json, print, note }: Terminal): Promise<ExitCode> {
  const file = keyFile();
  const key = newKey();
  const entry: KeyEntry = {
    name: options.name,
    sha256: keyHash(key),
    rights: parseRights(options.rights),
    ...(options.expires === undefined ? {} : { expires: parseExpiry(options.expires) }),
  };
  await changeKeys(file, (entries) => {
    if (entries.some(({ name }) => name === entry.name)) {
      throw new HindcastError('FIELD_INVALID', `--name is ${entry.name}, which has a key: revoke it first, or take another name`);
    }
    return [...entries, entry];
  });
  print(json ? JSON.stringify({ name: entry.name, key, rights: entry.rights, expires: entry.expires ?? null, file }) : key);
  note(`Written to ${file}. The key is shown this once; services that run with HINDCAST_API_KEYS=${file} know it within a second.`);
  return exitCodes.ok;
}

export async function listKeys({ json, print, clock }: Terminal): Promise<ExitCode> {
  const entries = await readKeys(keyFile());
  if (json) {
    print(JSON.stringify(entries.map(({ name, rights: held, expires }) => ({ name, rights: held, expires: expires ?? null }))));
    return exitCodes.ok;
  }
  const expiry = (expires: string | undefined): string => {
    if (expires === undefined) return 'never';
    return (usFromIso(expires) ?? 0) <= clock.nowUs() ? `${expires} (expired)` : expires;
  };
  print(
    table(
      ['name', 'rights', 'expires'].map((title) => ({ title })),
      entries.map(({ name, rights: held, expires }) => [name, held.join(','), expiry(expires)]),
    ),
  );
  return exitCodes.ok;
}

export async function revokeKey({ name }: RevokeOptions, { json, print }: Terminal): Promise<ExitCode> {
  const file = keyFile();
  await changeKeys(file, (entries) => {
    const left = entries.filter((entry) => entry.name !== name);
    if (left.length === entries.length) throw new HindcastError('FIELD_INVALID', `--name is ${name}; ${file} has no such key`);
    return left;
  });
  print(json ? JSON.stringify({ revoked: name }) : `${name} is revoked; its streams end within a second.`);
  return exitCodes.ok;
}

/** The file of the environment, else the one beside the data. */
function keyFile(): string {
  const { apiKeys, home } = loadCliConfig();
  return apiKeys ?? join(home, 'api-keys.json');
}

async function readKeys(file: string): Promise<readonly KeyEntry[]> {
  try {
    return parseKeyFile(await readFile(file, 'utf8'), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Writes beside the file and swaps: services never read a half, and of two commands at once one is refused. */
async function changeKeys(file: string, change: (entries: readonly KeyEntry[]) => readonly KeyEntry[]): Promise<void> {
  const draft = `${file}.new`;
  await mkdir(dirname(file), { recursive: true });
  const handle = await open(draft, 'wx', fileMode).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new HindcastError('FIELD_INVALID', `${draft} is there: another change is under way, or was cut off and left it; then delete it`);
  });
  try {
    const text = formatKeyFile(change(await readKeys(file)));
    parseKeyFile(text, file);
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    await rename(draft, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

function parseRights(text: string): Right[] {
  const asked = [...new Set(text.split(','))];
  const unknown = asked.find((right) => !(rights as readonly string[]).includes(right));
  if (unknown !== undefined) {
    throw new HindcastError('FIELD_INVALID', `--rights has ${JSON.stringify(unknown)}; a right is one of ${rights.join(', ')}`);
  }
  return asked as Right[];
}

function parseExpiry(text: string): string {
  const expiresUs = usFromIso(text);
  if (expiresUs === undefined)
    throw new HindcastError('FIELD_INVALID', `--expires is ${JSON.stringify(text)}; it is a day or a time, ISO 8601, UTC`);
  return isoFromUs(expiresUs);
}
