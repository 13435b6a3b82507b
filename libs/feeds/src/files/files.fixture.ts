import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isoFromUs, usFromIso } from '@hindcast/contracts';
import { sideNames, textAt, wordAt, type TickBatch } from '@hindcast/market';
import { FilesFeed } from './files-feed.js';
import type { FileHints } from './formats/table-format.js';
import { planFiles, type FilesPlan } from './plan-files.js';
import { ScratchDatabase } from './scratch-database.js';
import type { FileBatch } from './tick-batches.js';

/** When the files of tests are read: whatever is later is in the future. */
const clock = { nowUs: () => Number(usFromIso('2026-01-01T00:00:00Z')) };

/** A folder of files, and everything that is opened to read them. */
export class FolderOfFiles {
  private readonly scratch: ScratchDatabase;

  private constructor(readonly dir: string) {
    this.scratch = new ScratchDatabase(join(dir, 'scratch'));
  }

  static async make(): Promise<FolderOfFiles> {
    return new FolderOfFiles(await mkdtemp(join(tmpdir(), 'files-')));
  }

  /** Returns the whole path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.dir, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  plan(paths: readonly string[], hints: FileHints = {}): Promise<FilesPlan> {
    return planFiles({ paths, hints, scratch: this.scratch, clock });
  }

  async batches(plan: FilesPlan, { batchRows = 1_000, startAfterRow = 0 } = {}): Promise<readonly FileBatch[]> {
    const feed = new FilesFeed(plan, { batchRows, clock });
    feed.resume({ rows: startAfterRow });
    const batches: FileBatch[] = [];
    for await (const batch of feed) batches.push(batch);
    return batches;
  }

  /** Every row as text, marks and rejected ones too. */
  async told(paths: readonly string[], hints: FileHints = {}): Promise<readonly string[]> {
    return (await this.batches(await this.plan(paths, hints))).flatMap(toldBy);
  }

  async remove(): Promise<void> {
    await this.scratch.close();
    await rm(this.dir, { recursive: true });
  }
}

/** What a batch says, line by line in the order of positions, marks last. */
export function toldBy({ source, trades, quotes, rejected, marks }: TickBatch): string[] {
  const lines: string[] = [];
  for (let row = 0; row < trades.length; row++) {
    const side = sideNames[trades.side[row] as 0 | 1 | 2] || '-';
    lines[trades.sequence[row]] = [...common(source, trades, row), trades.price[row], trades.size[row], side].join(' ');
  }
  for (let row = 0; row < quotes.length; row++) {
    const { bid, bidSize, ask, askSize } = quotes;
    lines[quotes.sequence[row]] = [...common(source, quotes, row), bid[row], bidSize[row], ask[row], askSize[row]].join(' ');
  }
  for (const { position, message } of rejected) lines[position] = `rejected: ${message}`;
  return [...lines, ...marks.map(({ market, symbol, timeUs }) => `mark ${market} ${symbol} ${isoFromUs(timeUs)}`)];
}

function common(source: string, columns: TickBatch['trades'] | TickBatch['quotes'], row: number): (string | number)[] {
  const exchange = wordAt(columns.exchange, row);
  const instrument = `${wordAt(columns.market, row)} ${wordAt(columns.symbol, row)}`;
  return [isoFromUs(columns.timeUs[row]), source, instrument, ...(exchange === '' ? [] : [exchange]), `#${textAt(columns.id, row)}`];
}
