import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes, rejectionCodes } from '../../libs/contracts/src/errors.ts';
import { portOffsetMax } from '../../libs/service-kit/src/ports.ts';
import { withRights } from './call-rights.mjs';
import { variablesOf } from './config-variables.mjs';
import { configurationPage } from './configuration-page.mjs';
import { endpointsOf } from './http-endpoints.mjs';
import { openApiDocuments } from './openapi-routes.mjs';
import { parseProto } from './proto-services.mjs';
import { referencePage } from './reference-page.mjs';

/**
 * `npm run docs:api` writes docs/API.md, docs/CONFIGURATION.md and each app's openapi.json from what the code declares;
 * `--check` only compares. They want a comment above every endpoint and every variable.
 */
const root = join(import.meta.dirname, '..', '..');

/** Of every service; stands first in the configuration, last among the doors. */
const everyService = 'service-kit';

const text = (file) => readFileSync(join(root, file), 'utf8');
const filesOf = (pattern) => globSync(pattern, { cwd: root }).sort();
const readVariables = (source, file) => variablesOf(source, file, { portOffsetMax });
const ownerOf = (file) => file.split('/')[1];
const titleOf = (owner) => (owner === everyService ? 'Every service' : owner);

/** What `read` finds in the files of each package, packages without any left out. */
function byOwner(files, read, { everyServiceFirst }) {
  const owners = [...new Set(files.map(ownerOf))].filter((owner) => owner !== everyService);
  const ordered = everyServiceFirst ? [everyService, ...owners] : [...owners, everyService];
  return ordered
    .map((owner) => ({
      title: titleOf(owner),
      found: files.filter((file) => ownerOf(file) === owner).flatMap((file) => read(text(file), file)),
    }))
    .filter(({ found }) => found.length > 0);
}

/** A small controller may stand beside what it shows, as health and metrics do, so the name of its file does not tell. */
function controllerFiles() {
  return filesOf('{apps,libs}/*/src/**/*.ts').filter((file) => !/\.(spec|fixture)\.ts$/.test(file) && text(file).includes('@Controller('));
}

async function openApiFiles() {
  const { version } = JSON.parse(text('libs/service-kit/package.json'));
  const documents = await openApiDocuments({ root, files: controllerFiles(), text, errorCodes, version, everyService });
  return Object.fromEntries(documents.map(({ file, document }) => [file, `${JSON.stringify(document, null, 1)}\n`]));
}

async function pages() {
  const doors = byOwner(controllerFiles(), endpointsOf, { everyServiceFirst: false });
  const settings = byOwner(filesOf('{apps,libs}/*/src/**/{config,limits}.ts'), readVariables, { everyServiceFirst: true });
  const protos = withRights(
    filesOf('libs/*/proto/*.proto').map((file) => ({ file, ...parseProto(text(file)) })),
    [...filesOf('apps/*/src/**/*.grpc.ts'), 'libs/service-kit/src/grpc-health.ts'].map(text),
  );
  const silent = [...doors, ...settings].flatMap(({ title, found }) =>
    found.filter(({ summary }) => summary === '').map(({ variable, method, path }) => `${title}: ${variable ?? `${method} ${path}`}`),
  );
  const httpDoors = doors.map(({ title, found }) => ({ title, endpoints: found }));
  return {
    silent,
    files: {
      'docs/API.md': referencePage({ httpDoors, protos, errorCodes, rejectionCodes }),
      'docs/CONFIGURATION.md': configurationPage(settings.map(({ title, found }) => ({ title, variables: found }))),
      ...(await openApiFiles()),
    },
  };
}

async function main() {
  const { silent, files } = await pages();
  const stale = Object.entries(files).filter(([file, page]) => !existsSync(join(root, file)) || text(file) !== page);
  if (silent.length > 0) process.stderr.write(`Nothing says what these do; write a comment above them:\n  ${silent.join('\n  ')}\n`);
  if (process.argv.includes('--check')) {
    for (const [file] of stale) process.stderr.write(`${file} is out of date: run \`npm run docs:api\`.\n`);
    process.exitCode = stale.length + silent.length > 0 ? 1 : 0;
    return;
  }
  for (const [file, page] of stale) {
    writeFileSync(join(root, file), page);
    process.stdout.write(`${file} written\n`);
  }
}

await main();
