import { closeSync, copyFileSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

/** Moves a file to its place, so that it is there after a power failure too. */
export function moveDurably(from: string, to: string): void {
  sync(from);
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Copies a file to its place, in folders that are made where they are missing: all of it is there, or nothing. */
export function copyDurably(from: string, to: string): void {
  const firstMade = mkdirSync(dirname(to), { recursive: true });
  const unfinished = `${to}.new`;
  copyFileSync(from, unfinished);
  moveDurably(unfinished, to);
  if (firstMade === undefined) return;
  for (let folder = dirname(to); folder.length >= firstMade.length; folder = dirname(folder)) syncFolder(dirname(folder));
}

/** What a folder lists. Windows opens no folders, and keeps its names otherwise. */
function syncFolder(path: string): void {
  if (process.platform !== 'win32') sync(path);
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
