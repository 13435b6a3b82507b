/** Where downloads are kept that all clones on a machine share: the rule of the services' own config. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

/** @param {Readonly<Record<string, string | undefined>>} env */
export function cacheFolder(env) {
  if (env.HINDCAST_CACHE) return resolve(projectRoot, env.HINDCAST_CACHE);
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hindcast');
}
