import { systemClock, type Clock } from '@hindcast/ports';
import { Session, connect, type Connection } from '@lancedb/lancedb';
import { vectorStoreError } from './lance-errors.js';

export interface LanceOptions {
  /** A directory, or `s3://`, `gs://`, `az://` (not tried). */
  readonly uri: string;
  /** Lance's own default of 6 GB would be filled; 100,000 vectors of 384 have an index of 154 MB. 256 MiB by default. */
  readonly indexCacheBytes?: number;
  /** 32 MiB by default; Lance's own is 1 GB. */
  readonly metadataCacheBytes?: number;
  /** For a process that reads what another one writes: without it, it would see the versions of its start for ever. */
  readonly readConsistencySeconds?: number;
  /** Decides which old versions are cleaned up. */
  readonly clock?: Clock;
}

/** Old versions are kept this long for readers in other processes. */
const versionsKeptMs = 10 * 60_000;

/** An open directory of tables, with caches that are bounded together: stores of one process share it. */
export class LanceDirectory {
  private constructor(
    readonly connection: Connection,
    readonly uri: string,
    readonly clock: Clock,
  ) {}

  static async open(options: LanceOptions): Promise<LanceDirectory> {
    const { uri, indexCacheBytes = 256 << 20, metadataCacheBytes = 32 << 20, readConsistencySeconds, clock = systemClock } = options;
    const session = new Session(BigInt(indexCacheBytes), BigInt(metadataCacheBytes));
    const consistency = readConsistencySeconds === undefined ? {} : { readConsistencyInterval: readConsistencySeconds };
    try {
      return new LanceDirectory(await connect(uri, consistency, session), uri, clock);
    } catch (cause) {
      throw vectorStoreError('Opening the vector store', uri, cause);
    }
  }

  /** Versions from before it are of no use to anybody any more. */
  get cleanupOlderThan(): Date {
    return new Date(this.clock.nowUs() / 1_000 - versionsKeptMs);
  }

  /** After the stores that use it. */
  close(): void {
    this.connection.close();
  }
}
