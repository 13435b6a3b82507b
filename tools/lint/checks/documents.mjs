import { dirname, join, normalize } from 'node:path';
import { isTest, matchesIn } from '../tree.mjs';

/** Documents point at what is there: files, headings, commands, environment variables. */
export const name = 'documents';

const linkPattern = /\[[^\]]*\]\(([^)\s]+)\)/g;
const commandPattern = /\bnpm run ([a-z][a-z0-9:-]*)/g;
const pathPattern = /`((?:apps|libs|tools|infra|migrations|docs)\/[A-Za-z0-9_./-]*[A-Za-z0-9_/])`/g;
const variablePattern = /\bHINDCAST_[A-Z][A-Z0-9_]*[A-Z0-9]\b/g;

const variablesPage = 'docs/CONFIGURATION.md';

export function check(tree) {
  const pages = tree.files.filter((file) => file.endsWith('.md'));
  return [
    ...pages.flatMap((page) => [...brokenLinks(tree, page), ...unknownCommands(tree, page)]),
    ...pages.filter((page) => page === 'docs/ARCHITECTURE.md' || page === 'README.md').flatMap((page) => missingPaths(tree, page)),
    ...tree.files.filter((file) => !file.endsWith('.md') && !isTest(file)).flatMap((file) => missingPages(tree, file)),
    ...undocumentedVariables(tree),
  ];
}

function brokenLinks(tree, page) {
  return [...matchesIn(tree.read(page), linkPattern)]
    .filter(({ match }) => !/^(https?|mailto):/.test(match[1]))
    .filter(({ match }) => !exists(tree, page, match[1]))
    .map(({ line, match }) => ({ file: page, line, message: `links to ${match[1]}, which is not there` }));
}

function exists(tree, page, target) {
  const [path, heading] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, '');
  const isFile = tree.files.includes(file);
  if (!isFile) return tree.files.some((other) => other.startsWith(`${file}/`));
  return heading === undefined || headingsOf(tree.read(file)).has(heading);
}

/** Headings as the anchors that a forge makes of them. */
function headingsOf(text) {
  const headings = text.matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    [...headings].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function unknownCommands(tree, page) {
  const { scripts } = tree.json('package.json');
  return [...matchesIn(tree.read(page), commandPattern)]
    .filter(({ match }) => !(match[1] in scripts))
    .map(({ line, match }) => ({ file: page, line, message: `names \`npm run ${match[1]}\`, which package.json does not have` }));
}

function missingPaths(tree, page) {
  return [...matchesIn(tree.read(page), pathPattern)]
    .filter(({ match }) => !tree.files.some((file) => file === match[1] || file.startsWith(`${match[1].replace(/\/$/, '')}/`)))
    .map(({ line, match }) => ({ file: page, line, message: `names ${match[1]}, which is not there` }));
}

/** Comments that send a reader to a page. */
function missingPages(tree, file) {
  return [...matchesIn(tree.read(file), /\bdocs\/[\w/-]+\.md\b/g)]
    .filter(({ match }) => !tree.files.includes(match[0]))
    .map(({ line, match }) => ({ file, line, message: `refers to ${match[0]}, which is not there` }));
}

/** Every variable that the code reads is on the page, and every one on the page is read. */
function undocumentedVariables(tree) {
  if (!tree.files.includes(variablesPage)) return [{ file: variablesPage, message: 'is missing' }];
  const documented = new Set(tree.read(variablesPage).match(variablePattern));
  const read = variablesRead(tree);
  return [
    ...[...read]
      .filter(([variable]) => !documented.has(variable))
      .map(([variable, place]) => ({ ...place, message: `${variable} is not explained in ${variablesPage}` })),
    ...[...documented]
      .filter((variable) => !read.has(variable))
      .map((variable) => ({ file: variablesPage, message: `${variable} is read nowhere` })),
  ];
}

/** @returns {Map<string, { file: string, line: number }>} each with the first place that names it */
function variablesRead(tree) {
  const code = tree.files.filter((file) => /\.(ts|mjs|yml)$|(^|\/)Dockerfile$|^\.ci\/run$/.test(file) && !isTest(file));
  const places = code.flatMap((file) => [
    ...[...matchesIn(tree.read(file), variablePattern)].map(({ line, match }) => [match[0], { file, line }]),
    ...(/\/(config|limits)\.ts$/.test(file)
      ? variablesOfShapes(tree.read(file)).map(([variable, line]) => [variable, { file, line }])
      : []),
  ]);
  return new Map(places.reverse());
}

/** `const xShape = {` ... `portOffset: ` ...: loadConfig reads the field from HINDCAST_PORT_OFFSET. */
function variablesOfShapes(text) {
  const lines = text.split('\n');
  const variables = [];
  let inShape = false;
  for (const [index, line] of lines.entries()) {
    if (/^(export )?const \w*[sS]hape = \{$/.test(line)) inShape = true;
    else if (line.startsWith('}')) inShape = false;
    const field = inShape && /^ {2}([a-z]\w*):/.exec(line)?.[1];
    if (field) variables.push([`HINDCAST_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`, index + 1]);
  }
  return variables;
}
