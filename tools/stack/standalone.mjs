/**
 * `npm run standalone`: installs what is missing, no servers among it, and runs every service in one process until Ctrl-C.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensure } from '../setup/ensure.mjs';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { projectRoot } from './settings.mjs';

await ensure('standalone');
// A group of its own: the terminal and npm both send a Ctrl-C, and the second one would end the service where it stands.
const service = spawn(nodeExecutable(), [join(projectRoot, 'apps/standalone/dist/main.js')], { stdio: 'inherit', detached: true });
let isStopping = false;
for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    if (!isStopping) service.kill('SIGTERM');
    isStopping = true;
  });
}
service.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
