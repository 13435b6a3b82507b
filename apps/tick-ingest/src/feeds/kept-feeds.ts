import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HindcastError } from '@hindcast/contracts';
import { parseFeedConfig, type FeedConfig, type FeedPosition } from '@hindcast/feeds/unattended';
import { replaceFile, textOfFile } from '@hindcast/service-kit';
import { z } from 'zod';

/** What an operator has said while the process ran. */
export interface AddedFeeds {
  /** `given` is kept and parsed anew: a form that is filled in need not be one that may be given. */
  readonly feeds: readonly { readonly config: FeedConfig; readonly given: unknown }[];
  /** Names, of configured feeds too. */
  readonly stopped: readonly string[];
}

/** How far a feed is on disk. */
export interface KeptPosition {
  /** The log that has it. */
  readonly streamId: string;
  /** What a simulation is made from; with other settings its time says nothing. */
  readonly madeFrom: string;
  /** It has told everything that it had to tell. */
  readonly hasEnded: boolean;
  readonly position: FeedPosition;
}

const addedSchema = z.strictObject({ feeds: z.array(z.unknown()), stopped: z.array(z.string()) });
const positionSchema = z.strictObject({
  streamId: z.string(),
  madeFrom: z.string(),
  hasEnded: z.boolean(),
  nowUs: z.number().optional(),
  newest: z.record(z.string(), z.strictObject({ id: z.string(), timeUs: z.number() })).optional(),
});

/**
 * What outlives the process, in files that are replaced as a whole. A position may be older than the log: what is then told
 * again are duplicates. One that cannot be read is none.
 */
export class KeptFeeds {
  private constructor(private readonly dir: string) {}

  static async open(dir: string): Promise<KeptFeeds> {
    await mkdir(join(dir, 'positions'), { recursive: true });
    return new KeptFeeds(dir);
  }

  /** CONFIG_INVALID where the file is damaged: nobody would notice that feeds which somebody has added are not there. */
  async added(): Promise<AddedFeeds> {
    const text = await textOfFile(this.addedPath);
    if (text === undefined) return { feeds: [], stopped: [] };
    try {
      const { feeds, stopped } = addedSchema.parse(JSON.parse(text));
      return { feeds: feeds.map((given) => ({ config: parseFeedConfig(given), given })), stopped };
    } catch (cause) {
      const message = `${this.addedPath} cannot be read: mend it, or remove it and add the feeds again (${(cause as Error).message})`;
      throw new HindcastError('CONFIG_INVALID', message, { cause });
    }
  }

  async keepAdded({ given, stopped }: { readonly given: readonly unknown[]; readonly stopped: readonly string[] }): Promise<void> {
    await replaceFile(this.addedPath, JSON.stringify({ feeds: given, stopped }, undefined, 2));
  }

  async position(name: string): Promise<KeptPosition | undefined> {
    const text = await textOfFile(this.positionPath(name));
    if (text === undefined) return undefined;
    try {
      const { nowUs, newest, ...kept } = positionSchema.parse(JSON.parse(text));
      const position: FeedPosition = {
        ...(nowUs === undefined ? {} : { nowUs }),
        ...(newest === undefined ? {} : { newest: new Map(Object.entries(newest)) }),
      };
      return { ...kept, position };
    } catch {
      return undefined;
    }
  }

  async keepPosition(name: string, { position: { nowUs, newest }, ...kept }: KeptPosition): Promise<void> {
    await replaceFile(this.positionPath(name), JSON.stringify({ ...kept, nowUs, newest: newest && Object.fromEntries(newest) }));
  }

  async forgetPosition(name: string): Promise<void> {
    await rm(this.positionPath(name), { force: true });
  }

  private get addedPath(): string {
    return join(this.dir, 'added.json');
  }

  private positionPath(name: string): string {
    return join(this.dir, 'positions', `${name}.json`);
  }
}
