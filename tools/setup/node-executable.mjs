import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The Node.js that npm brought, whichever one started this script; the system's where npm has none for the platform. */
export function nodeExecutable() {
  const brought = join(root, 'node_modules/.bin/node');
  return existsSync(brought) ? brought : process.execPath;
}
