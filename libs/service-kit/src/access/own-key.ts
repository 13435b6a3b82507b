import { readFileSync, statSync } from 'node:fs';
import { HindcastError } from '@hindcast/contracts';

/** More is not a key but a file that was named by mistake. */
const fileBytesMax = 1_024;

export const ownKeyPattern = /^[\x21-\x7e]{16,256}$/;
export const ownKeyFileAllowed = 'a file that can be read and holds one key, 16 to 256 printable characters, and nothing else';

/** The key that our own clients send, from the file that holds it; CONFIG_INVALID, which does not show it. */
export function readOwnKey(file: string): string {
  let text: string;
  try {
    text = statSync(file).size > fileBytesMax ? '' : readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new HindcastError('CONFIG_INVALID', `${file} must be ${ownKeyFileAllowed}`, { cause });
  }
  if (!ownKeyPattern.test(text)) throw new HindcastError('CONFIG_INVALID', `${file} must be ${ownKeyFileAllowed}`);
  return text;
}

export function isOwnKeyFile(file: string): boolean {
  try {
    return readOwnKey(file) !== '';
  } catch {
    // Why not is in the words of what is allowed.
    return false;
  }
}
