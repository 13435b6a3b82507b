import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { HindcastError } from '@hindcast/contracts';
import { RedisConnection } from './redis-connection.js';

const lockKey = 'hindcast:migrating';
/** A migrator that was killed holds the others up for this long at most. */
const heldMs = 30_000;
const renewedEveryMs = 10_000;
const askedEveryMs = 500;
const answerMaxMs = 5_000;

export interface MigrationLockOptions {
  readonly url: string;
  readonly waitMaxMs?: number;
  readonly onWait?: (error: HindcastError) => void;
}

const renewScript = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) else return 0 end";
const releaseScript = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

/**
 * One migrator at a time, for every store: neither QuestDB nor LanceDB can hold a lock, so Redis holds it for all. It is
 * renewed while it is held, and ends by itself when its holder is gone.
 */
export class MigrationLock {
  private readonly timer: NodeJS.Timeout;
  private lostBecause: unknown;
  private renewedAtMs = performance.now();

  private constructor(
    private readonly connection: RedisConnection,
    private readonly holder: string,
  ) {
    this.timer = setInterval(() => void this.renew(), renewedEveryMs);
  }

  /** Waits for its turn as long as `waitMaxMs`; then throws MIGRATION_RUNNING with who has it. */
  static async acquire({ url, waitMaxMs = 0, onWait }: MigrationLockOptions): Promise<MigrationLock> {
    const connection = new RedisConnection({ url, name: 'hindcast:migrate-lock', answerMaxMs, inFlightBytesMax: 65_536 });
    await connection.attempted();
    const holder = `${hostname()}, process ${process.pid}, ${randomUUID()}`;
    try {
      for (let waitedMs = 0; ; waitedMs += askedEveryMs) {
        const taken = await connection.send((client) => client.set(lockKey, holder, 'PX', heldMs, 'NX'));
        if (taken === 'OK') return new MigrationLock(connection, holder);
        const other = running(await connection.send((client) => client.get(lockKey)));
        if (waitedMs >= waitMaxMs) throw other;
        if (waitedMs === 0) onWait?.(other);
        await delay(askedEveryMs);
      }
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** To be asked before each step: throws where another one may have begun meanwhile. */
  requireHeld(): void {
    // A machine that was suspended has renewed nothing, and has not noticed.
    const isOverdue = performance.now() - this.renewedAtMs > heldMs;
    if (this.lostBecause !== undefined || isOverdue) throw running(null, this.lostBecause);
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    try {
      await this.connection.send((client) => client.eval(releaseScript, 1, lockKey, this.holder));
    } catch {
      // It ends by itself.
    } finally {
      this.connection.close();
    }
  }

  private async renew(): Promise<void> {
    try {
      const renewed = await this.connection.send((client) => client.eval(renewScript, 1, lockKey, this.holder, heldMs));
      if (renewed === 1) this.renewedAtMs = performance.now();
      else this.lostBecause = 'the lock was gone when it was to be renewed';
    } catch (error) {
      this.lostBecause = error;
    }
  }
}

function running(holder: string | null, cause?: unknown): HindcastError {
  const who = holder === null ? 'Another migrator may be at work' : `Another migrator is at work (${holder})`;
  return new HindcastError('MIGRATION_RUNNING', `${who}. Wait for it; one that was killed is forgotten after ${heldMs / 1_000} seconds.`, {
    cause,
  });
}
