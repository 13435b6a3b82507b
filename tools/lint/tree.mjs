import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the house-style checks look at: every file of the project that git knows or would take, and its text. Checks get
 * a tree and return findings, so that a test can hand them a tree of three lines.
 *
 * @typedef {{ files: readonly string[], read(path: string): string, json(path: string): any }} Tree
 * @typedef {{ file: string, line?: number, message: string }} Finding
 */

const binary = /\.(png|jpg|ico|woff2?|zip|gz|arrow|parquet|onnx|node)$/;

/** @returns {Tree} */
export function treeOfGit(root) {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  const files = [...new Set(listed.split('\0'))].filter((file) => file !== '' && !binary.test(file) && existsSync(join(root, file))).sort();
  return treeOf(files, (path) => readFileSync(join(root, path), 'utf8'));
}

/** @returns {Tree} */
export function treeOfTexts(texts) {
  return treeOf(Object.keys(texts).sort(), (path) => texts[path]);
}

function treeOf(files, readText) {
  const texts = new Map();
  const read = (path) => {
    if (!texts.has(path)) texts.set(path, readText(path));
    return texts.get(path);
  };
  return { files, read, json: (path) => JSON.parse(read(path)) };
}

/** Every match of a pattern in a file, with its line. */
export function* matchesIn(text, pattern) {
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    for (const match of line.matchAll(pattern)) yield { line: index + 1, text: line, match };
  }
}

/** The folder of the package that a file belongs to: `libs/market`, or undefined outside of libs and apps. */
export function packageOf(file) {
  return /^(libs|apps)\/[^/]+/.exec(file)?.[0];
}

export function isSource(file) {
  return /^(libs|apps)\/.*\.(ts|mjs)$/.test(file);
}

export function isTest(file) {
  return /\.(spec|bench|fixture)\.(ts|mjs)$/.test(file);
}
