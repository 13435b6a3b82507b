import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import configuration from '../../.dependency-cruiser.mjs';

/** The import rules, held against a small tree in which each line breaks one of them or none. */
const files = {
  'libs/contracts/src/index.ts': '',
  'libs/contracts/src/upwards.ts': "export * from '../../market/src/index.js';",
  'libs/market/src/index.ts': "export * from '../../contracts/src/index.js';",
  'libs/market/src/upwards.ts': "import type {} from '../../physics/src/index.js';",
  'libs/market/src/reads-files.ts': "import 'node:fs';",
  'libs/market/src/round.ts': "import './about.js';",
  'libs/market/src/about.ts': "import './round.js';",
  'libs/physics/src/index.ts': '',
  'libs/ports/src/index.ts': "export * from '../../physics/src/index.js';",
  'libs/testing/src/index.ts': '',
  'libs/bus-redis/src/index.ts': "export * from '../../ports/src/index.js';",
  'libs/bus-redis/src/neighbour.ts': "export * from '../../bus-memory/src/index.js';",
  'libs/bus-redis/src/redis-bus.spec.ts': "export * from '../../testing/src/index.js';",
  'libs/bus-redis/src/redis-bus.ts': "export * from '../../testing/src/index.js';",
  'libs/bus-memory/src/index.ts': '',
  'libs/service-kit/src/index.ts': "export * from '../../bus-redis/src/index.js';",
  'apps/cli/src/main.ts': "export * from '../../market-data/src/main.js';\nexport * from '../../../libs/testing/src/index.js';",
  'apps/market-data/src/main.ts': "export * from '../../../libs/bus-redis/src/index.js';\nexport * from './none.js';",
  'apps/standalone/src/main.ts': "export * from '../../market-data/src/main.js';",
  'tsconfig.base.json': '{ "compilerOptions": { "module": "nodenext", "moduleResolution": "nodenext" } }',
};

let root;
let broken;

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'import-rules-')));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), `${text}\n`);
  }
  const { forbidden, options } = configuration;
  const { enhancedResolveOptions, tsConfig, ...others } = options;
  const { output } = await cruise(
    ['libs', 'apps'],
    { ...others, baseDir: root, ruleSet: { forbidden, options }, validate: true },
    { ...enhancedResolveOptions, extensions: ['.ts', '.js'], extensionAlias: { '.js': ['.ts', '.js'] } },
    { tsConfig },
  );
  broken = new Set(output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

it.each([
  ['contracts-import-nothing', 'libs/contracts/src/upwards.ts', 'libs/market/src/index.ts'],
  ['market-imports-contracts', 'libs/market/src/upwards.ts', 'libs/physics/src/index.ts'],
  ['domain-without-node', 'libs/market/src/reads-files.ts', 'fs'],
  ['no-cycles', 'libs/market/src/about.ts', 'libs/market/src/round.ts'],
  ['adapters-import-ports', 'libs/bus-redis/src/neighbour.ts', 'libs/bus-memory/src/index.ts'],
  ['adapters-import-ports', 'libs/bus-redis/src/redis-bus.ts', 'libs/testing/src/index.ts'],
  ['service-kit-imports-ports', 'libs/service-kit/src/index.ts', 'libs/bus-redis/src/index.ts'],
  ['apps-import-no-testing', 'apps/cli/src/main.ts', 'libs/testing/src/index.ts'],
  ['apps-import-no-app', 'apps/cli/src/main.ts', 'apps/market-data/src/main.ts'],
  ['resolvable', 'apps/market-data/src/main.ts', './none.js'],
])('%s catches %s -> %s', (rule, from, to) => {
  expect([...broken]).toContainEqual(`${rule}: ${from} -> ${to}`);
});

it.each([
  ['libs/market/src/index.ts', 'libs/contracts/src/index.ts'],
  ['libs/ports/src/index.ts', 'libs/physics/src/index.ts'],
  ['libs/bus-redis/src/index.ts', 'libs/ports/src/index.ts'],
  ['libs/bus-redis/src/redis-bus.spec.ts', 'libs/testing/src/index.ts'],
  ['apps/standalone/src/main.ts', 'apps/market-data/src/main.ts'],
])('nothing but the path is wrong with %s -> %s', (from, to) => {
  expect([...broken].filter((line) => line.endsWith(`: ${from} -> ${to}`) && !line.startsWith('packages-by-their-door'))).toEqual([]);
});
