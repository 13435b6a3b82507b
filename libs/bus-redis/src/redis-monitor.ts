import { channels, isoFromUs, type RedisFacts, type SlowCommand } from '@hindcast/contracts';
import { RedisConnection } from './redis-connection.js';

export interface RedisMonitorOptions {
  readonly url: string;
  /** Who looks, for `CLIENT LIST`. */
  readonly name: string;
}

const answerMaxMs = 2_000;
const inFlightBytesMax = 1 << 20;
const slowCommandsMax = 10;
/** Keys that one look goes through; of more, the kinds are those of a sample. */
const keysScannedMax = 20_000;
const keysAStep = 1_000;

/** `id, seconds, microseconds, [command, arguments...], client, its name` */
type SlowLogEntry = readonly [number, number, number, readonly string[], ...unknown[]];

/** 001's three queries (INFO memory, DBSIZE, SLOWLOG GET), and what else one asks when Redis is full or slow. */
export class RedisMonitor {
  readonly #connection: RedisConnection;

  private constructor({ url, name }: RedisMonitorOptions) {
    this.#connection = new RedisConnection({ url, name: `${name}:monitor`, answerMaxMs, inFlightBytesMax });
  }

  /** Resolves after the first attempt to connect, even one that failed. */
  static async open(options: RedisMonitorOptions): Promise<RedisMonitor> {
    const monitor = new RedisMonitor(options);
    await monitor.#connection.attempted();
    return monitor;
  }

  /** BUS_AWAY where it does not answer in time. */
  async read(): Promise<RedisFacts> {
    const [info, keys, slow, numsub] = (await this.#connection.pipeline(0, (pipeline) => {
      pipeline.info();
      pipeline.dbsize();
      pipeline.slowlog('GET', slowCommandsMax);
      pipeline.pubsub('NUMSUB', ...Object.values(channels));
    })) as [string, number, readonly SlowLogEntry[], readonly (string | number)[]];
    const kinds = await this.#keysByKind();
    const field = (name: string): string => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';
    const used = Number(field('used_memory'));
    const max = Number(field('maxmemory'));
    return {
      version: field('(?:valkey|redis)_version') || null,
      used_bytes: used,
      max_bytes: max,
      share: max === 0 ? 0 : used / max,
      eviction_policy: field('maxmemory_policy'),
      evicted_keys: Number(field('evicted_keys')),
      keys,
      ...kinds,
      clients: Number(field('connected_clients')),
      subscribers: pairs(numsub),
      operations_per_second: Number(field('instantaneous_ops_per_sec')),
      slow_commands: slow.map(slowCommand),
    };
  }

  close(): void {
    this.#connection.close();
  }

  /** SCAN and not KEYS: it lets others in between. */
  async #keysByKind(): Promise<Pick<RedisFacts, 'keys_by_kind' | 'keys_scanned'>> {
    const kinds: Record<string, number> = {};
    let scanned = 0;
    let cursor = '0';
    do {
      const [next, keys] = await this.#connection.send((client) => client.scan(cursor, 'COUNT', keysAStep));
      for (const key of keys) kinds[kindOf(key)] = (kinds[kindOf(key)] ?? 0) + 1;
      scanned += keys.length;
      cursor = next;
    } while (cursor !== '0' && scanned < keysScannedMax);
    return { keys_by_kind: kinds, keys_scanned: scanned };
  }
}

/** Ours by their prefix; whatever somebody else keeps here is one kind, so that their names cannot make the answer large. */
const ourKinds = ['physics:state', 'market:snapshot', 'agent:state', 'hindcast'];

function kindOf(key: string): string {
  return ourKinds.find((kind) => key === kind || key.startsWith(`${kind}:`)) ?? 'other';
}

function pairs(flat: readonly (string | number)[]): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) found[String(flat[at])] = Number(flat[at + 1]);
  return found;
}

function slowCommand([, seconds, elapsedUs, words]: SlowLogEntry): SlowCommand {
  return { at: isoFromUs(seconds * 1_000_000), elapsed_us: elapsedUs, command: words.slice(0, 2).join(' ') };
}
