import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** How far a stopped replay came: rows of the merged order that are acknowledged, and in which log they are. */
export interface SendPosition {
  readonly rows: number;
  readonly streamId: string;
  /** Length of what the run writes beside, as of these rows: lines behind it are of rows that are sent again. */
  readonly besideBytes?: number;
}

/** One small file a replay under HINDCAST_HOME; written whole beside the old one, then moved over it. */
export class SendPositions {
  private readonly path: string;

  constructor({ home, key }: { readonly home: string; readonly key: string }) {
    this.path = join(home, 'replays', `${key}.json`);
  }

  /** Undefined where there is none, or none that can be read: the replay then starts from the beginning, which harms nothing. */
  async load(): Promise<SendPosition | undefined> {
    const text = await readFile(this.path, 'utf8').catch(() => '');
    return parsePosition(text);
  }

  async save(position: SendPosition): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    const beside = `${this.path}.${process.pid}`;
    await writeFile(beside, `${JSON.stringify(position)}\n`);
    await rename(beside, this.path);
  }

  async forget(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

export function parsePosition(text: string): SendPosition | undefined {
  try {
    const { rows, streamId, besideBytes } = JSON.parse(text) as Partial<Record<keyof SendPosition, unknown>>;
    if (!isWhole(rows) || rows === 0 || typeof streamId !== 'string') return undefined;
    if (besideBytes === undefined) return { rows, streamId };
    if (isWhole(besideBytes)) return { rows, streamId, besideBytes };
  } catch {
    // Half a file of a machine that lost power.
  }
  return undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
