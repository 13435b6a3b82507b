import { builtinModules } from 'node:module';
import { isSource, isTest, matchesIn, packageOf } from '../tree.mjs';

/** Each package names what it imports, all of it and nothing else, and every package agrees on the version. */
export const name = 'package manifests';

/** One line of an import, its last: `import ... from 'x'`, `} from 'x'`, `import 'x'`, `import('x')`, `require('x')`. */
const importPattern = /^(?:import|export|\})[^'"]*\bfrom '([^']+)'|^import '([^']+)'|\b(?:import|require|require\.resolve)\('([^']+)'/g;

/** Loaded by name at run time, or asked for by a framework: no import statement names them. */
const neededUnseen = new Set(['@nestjs/platform-fastify', '@nestjs/platform-ws', 'reflect-metadata', 'rxjs', 'ws', '@nestjs/websockets']);

/** The tools of tests stand in the root manifest, once. */
const ofTests = new Set(['jest', '@jest/globals', 'fast-check', '@questdb/nodejs-client']);

export function check(tree) {
  const manifests = tree.files.filter((file) => /^(libs|apps)\/[^/]+\/package\.json$/.test(file));
  return [
    ...manifests.flatMap((file) => findingsOfPackage(tree, file)),
    ...disagreements(tree, manifests),
    ...missingFromRoot(tree, manifests),
  ];
}

function findingsOfPackage(tree, manifestFile) {
  const folder = packageOf(manifestFile);
  const manifest = tree.json(manifestFile);
  const declared = new Set([...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})]);
  const imported = importsOf(tree, folder);
  const undeclared = imported
    .filter(({ module, file }) => !declared.has(module) && module !== manifest.name && !(isTest(file) && ofTests.has(module)))
    .map(({ module, file, line }) => ({ file, line, message: `imports ${module}, which ${manifestFile} does not name` }));
  const names = new Set(imported.map(({ module }) => module));
  const unused = Object.keys(manifest.dependencies ?? {})
    .filter((dependency) => !names.has(dependency) && !neededUnseen.has(dependency))
    .map((dependency) => ({ file: manifestFile, message: `names ${dependency}, which nothing imports` }));
  return [...undeclared, ...unused, ...referencesOf(tree, folder, declared)];
}

/** @returns {{ module: string, file: string, line: number }[]} */
function importsOf(tree, folder) {
  const files = tree.files.filter((file) => file.startsWith(`${folder}/`) && isSource(file));
  return files.flatMap((file) =>
    [...matchesIn(tree.read(file), importPattern)]
      .map(({ line, match }) => ({ file, line, module: moduleOf(match[1] ?? match[2] ?? match[3]) }))
      .filter(({ module }) => module !== undefined),
  );
}

/** `@scope/name/sub` -> `@scope/name`; undefined for relative paths and what comes with Node. */
function moduleOf(specifier) {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  const module = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return builtinModules.includes(module) ? undefined : module;
}

/** Project references are the same list as the dependencies of ours: otherwise `tsc -b` builds in the wrong order. */
function referencesOf(tree, folder, declared) {
  const file = `${folder}/tsconfig.json`;
  if (!tree.files.includes(file)) return [{ file, message: 'is missing' }];
  const referenced = new Set((tree.json(file).references ?? []).map(({ path }) => path.replace(/^.*\//, '@hindcast/')));
  const ours = [...declared].filter((dependency) => dependency.startsWith('@hindcast/'));
  return [
    ...ours.filter((name) => !referenced.has(name)).map((name) => ({ file, message: `has no reference to ${name}` })),
    ...[...referenced]
      .filter((name) => !declared.has(name))
      .map((name) => ({ file, message: `refers to ${name}, which package.json does not name` })),
  ];
}

/** Two versions of one dependency are two types of the same name. */
function disagreements(tree, manifests) {
  const wanted = new Map();
  const findings = [];
  for (const file of ['package.json', ...manifests]) {
    const { dependencies = {}, devDependencies = {} } = tree.json(file);
    for (const [module, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      const first = wanted.get(module);
      if (!first) wanted.set(module, { file, version });
      else if (first.version !== version) {
        findings.push({ file, message: `wants ${module} ${version}, but ${first.file} wants ${first.version}` });
      }
    }
  }
  return findings;
}

function missingFromRoot(tree, manifests) {
  const referenced = new Set(tree.json('tsconfig.json').references.map(({ path }) => path));
  return manifests
    .map(packageOf)
    .filter((folder) => !referenced.has(folder))
    .map((folder) => ({ file: 'tsconfig.json', message: `has no reference to ${folder}` }));
}
