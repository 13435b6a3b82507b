import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes, rejectionCodes } from '../../libs/contracts/src/errors.ts';

/** What the sources fail with, what the contracts list, and what docs/API.md tells: the same codes, all three. */
const root = join(import.meta.dirname, '..', '..');
const registry = 'libs/contracts/src/errors.ts';
const sources = globSync(['{apps,libs}/*/src/**/*.ts', 'tools/**/*.mjs'], { cwd: root }).filter(
  (file) => file !== registry && !/\.(spec|fixture|bench)\.(ts|mjs)$/.test(file),
);
const texts = sources.map((file) => [file, readFileSync(join(root, file), 'utf8')]);
const page = readFileSync(join(root, 'docs', 'API.md'), 'utf8');

function tableUnder(heading) {
  const from = page.indexOf(`\n## ${heading}\n`);
  const next = page.indexOf('\n## ', from + 1);
  const section = page.slice(from, next < 0 ? undefined : next);
  return [...section.matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)].map(([, code, cells]) => [code, cells.replaceAll('\\|', '|').split(' | ')]);
}

it('nothing fails with a code that is not in the list', () => {
  const thrown = texts.flatMap(([file, text]) =>
    [...text.matchAll(/new (HindcastError|RowRefused)\(\s*'([A-Z_]+)'/g)].map(([, kind, code]) => ({ file, kind, code })),
  );
  expect(thrown.length).toBeGreaterThan(100);
  expect(thrown.filter(({ kind, code }) => !(code in (kind === 'RowRefused' ? rejectionCodes : errorCodes)))).toEqual([]);
});

it.each([
  ['errorCodes', Object.keys(errorCodes)],
  ['rejectionCodes', Object.keys(rejectionCodes)],
])('every one of %s is used', (_name, codes) => {
  expect(codes.filter((code) => !texts.some(([, text]) => text.includes(`'${code}'`)))).toEqual([]);
});

it('docs/API.md has each code with its statuses, whether to retry, and what to do, and none besides', () => {
  expect(tableUnder('Errors')).toEqual(
    Object.entries(errorCodes).map(([code, { status, grpc, retry, help }]) => [
      code,
      [String(status), String(grpc), retry ? 'yes' : 'no', help],
    ]),
  );
  expect(tableUnder('Rejected rows')).toEqual(Object.entries(rejectionCodes).map(([code, rule]) => [code, [rule]]));
});

it('every code says in a sentence what it means, with statuses that exist', () => {
  const faulty = Object.entries(errorCodes).filter(
    ([, { status, grpc, help }]) => !/^.{15,}\.$/.test(help) || status < 400 || status > 599 || grpc < 1 || grpc > 16,
  );
  expect(faulty).toEqual([]);
});
