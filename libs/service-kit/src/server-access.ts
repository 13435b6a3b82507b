import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';

/** The user that a URL without one means: whom set-up makes QuestDB know, and how Redis calls the user without a name. */
const users = { questdb: 'hindcast', redis: 'default' } as const;

export type ServerName = keyof typeof users;

/** More is not a password but a file that was named by mistake. */
const fileBytesMax = 1_024;

export const passwordFileAllowed = `a file that can be read and holds one password of at most ${fileBytesMax} bytes, and nothing else`;

export interface ServerPlace {
  readonly server: ServerName;
  /** As it was given; absent where the server is the stack's own. */
  readonly url: string | undefined;
  readonly ownUrl: string;
  /** Absolute; absent where none was given. */
  readonly passwordFile: string | undefined;
  /** HINDCAST_HOME, absolute: set-up leaves the passwords of the stack's own servers there. */
  readonly home: string;
}

/**
 * The URL to connect with. The password stands in the URL that was given, or in the file that was given, or, for a server of
 * the stack's own, in the file that set-up has made: our own password is not sent to a server that somebody else runs.
 */
export function accessUrl({ server, url, ownUrl, passwordFile, home }: ServerPlace): string {
  const file = passwordFile ?? (url === undefined ? ownPasswordFile(home, server) : undefined);
  return file === undefined ? (url ?? ownUrl) : withPassword(url ?? ownUrl, { user: users[server], password: readPassword(file) });
}

/** Whether a URL says a password, so that a file with one more would be a contradiction. */
export function hasPassword(url: string | undefined): boolean {
  return url !== undefined && URL.canParse(url) && new URL(url).password !== '';
}

export function isPasswordFile(file: string): boolean {
  try {
    return readPassword(file) !== '';
  } catch {
    // Why not is in the words of what is allowed.
    return false;
  }
}

/** Absent where nothing was ever started in this folder: whoever answers then knows no password of ours. */
function ownPasswordFile(home: string, server: ServerName): string | undefined {
  const file = join(home, 'secrets', `${server}-password`);
  return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : file;
}

function readPassword(file: string): string {
  let text: string;
  try {
    text = statSync(file).size > fileBytesMax ? '' : readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new HindcastError('CONFIG_INVALID', `${file} must be ${passwordFileAllowed}`, { cause });
  }
  if (text === '' || /\s/.test(text)) throw new HindcastError('CONFIG_INVALID', `${file} must be ${passwordFileAllowed}`);
  return text;
}

function withPassword(text: string, { user, password }: { readonly user: string; readonly password: string }): string {
  const url = new URL(text);
  if (url.username === '') url.username = user;
  url.password = encodeURIComponent(password);
  return url.href.replace(/\/$/, '');
}
