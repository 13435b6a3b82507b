import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes, rejectionCodes } from '../../libs/contracts/src/errors.ts';
import { endpointsOf } from './http-endpoints.mjs';
import { parseProto } from './proto-services.mjs';
import { referencePage } from './reference-page.mjs';

/** `npm run docs:api` writes docs/API.md from controllers, .proto files and error codes; `--check` only compares. */
const root = join(import.meta.dirname, '..', '..');
const pageFile = join('docs', 'API.md');

const text = (file) => readFileSync(join(root, file), 'utf8');
const filesOf = (pattern) => globSync(pattern, { cwd: root }).sort();

/** Doors of every service (health, metrics) stand in the service kit, once. */
function httpDoors() {
  const files = filesOf('{apps,libs}/*/src/**/*.controller.ts');
  const owners = [...new Set(files.map((file) => file.split('/')[1]))].sort(
    (a, b) => Number(a === 'service-kit') - Number(b === 'service-kit') || (a < b ? -1 : 1),
  );
  return owners
    .map((owner) => ({
      title: owner === 'service-kit' ? 'every service' : owner,
      endpoints: files.filter((file) => file.split('/')[1] === owner).flatMap((file) => endpointsOf(text(file), file)),
    }))
    .filter(({ endpoints }) => endpoints.length > 0);
}

function silentEndpoints(doors) {
  return doors.flatMap(({ title, endpoints }) =>
    endpoints.filter(({ summary }) => summary === '').map(({ method, path }) => `${title}: ${method} ${path}`),
  );
}

function main() {
  const doors = httpDoors();
  const protos = filesOf('libs/*/proto/*.proto').map((file) => ({ file, ...parseProto(text(file)) }));
  const page = referencePage({ httpDoors: doors, protos, errorCodes, rejectionCodes });
  const silent = silentEndpoints(doors);
  if (silent.length > 0) process.stderr.write(`These endpoints have no comment that says what they do:\n  ${silent.join('\n  ')}\n`);
  if (process.argv.includes('--check')) {
    const current = existsSync(join(root, pageFile)) && text(pageFile) === page;
    if (!current) process.stderr.write(`${pageFile} is out of date: run \`npm run docs:api\`.\n`);
    process.exitCode = current && silent.length === 0 ? 0 : 1;
    return;
  }
  writeFileSync(join(root, pageFile), page);
  process.stdout.write(`${pageFile} written\n`);
}

main();
