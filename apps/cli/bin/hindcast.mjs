#!/usr/bin/env node
// Starts the program with a Node that can run it. Only built-ins here, and nothing that an older Node cannot read.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const nodeNeeded = 22;
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const ownNode = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));

if (!existsSync(program)) {
  console.error('hindcast: not built yet. Run `npm start`, which builds and starts everything, or `npm run build`.');
  process.exit(1);
} else if (Number(process.versions.node.split('.')[0]) >= nodeNeeded) {
  await import(program);
} else if (existsSync(ownNode)) {
  const child = spawn(ownNode, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal tells the whole group of Ctrl-C; this process only waits for the other to finish.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
} else {
  console.error(
    `hindcast: Node ${process.versions.node} is too old: ${nodeNeeded} or newer is needed. Run \`npm install\`, which brings one.`,
  );
  process.exit(1);
}
