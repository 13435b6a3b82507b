import type { ChainableCommander } from 'ioredis';
import type { RedisConnection } from './redis-connection.js';

/** Keys of one version of the contract to those of the next: `physics:state:{symbol}` to `physics:state:v2:{symbol}`. */
export interface KeyMove {
  readonly from: string;
  readonly to: string;
}

const placeholder = /\{([a-z_]+)\}$/;
const scanCount = 500;

/** In one step, so that no reader finds neither: a new key that is there already is newer, and stays. */
const moveScript =
  "if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('RENAMENX', KEYS[1], KEYS[2]) == 0 then redis.call('DEL', KEYS[1]) end";

/** Both end with the same placeholder. Throws a plain Error otherwise: the files belong to the code, so a bad one is a bug. */
export function requireKeyMove({ from, to }: KeyMove): void {
  const name = placeholder.exec(from)?.[1];
  if (name === undefined || placeholder.exec(to)?.[1] !== name || from === to)
    throw new Error(`A move goes from one pattern to another, both with the same placeholder at the end, not from ${from} to ${to}.`);
}

/** Moves every key of the pattern, its time to live with it; safe to repeat and to break off. */
export async function moveKeys(connection: RedisConnection, move: KeyMove): Promise<void> {
  const [prefix, newPrefix] = [move.from, move.to].map((pattern) => pattern.replace(placeholder, ''));
  // The new keys may match the old pattern: `v2:SPY` is no symbol.
  const isNew = (name: string): boolean => newPrefix.startsWith(prefix) && `${prefix}${name}`.startsWith(newPrefix);
  let cursor = '0';
  do {
    const [next, keys] = await connection.send((client) => client.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', scanCount));
    const names = keys.map((key) => key.slice(prefix.length)).filter((name) => !isNew(name));
    const fill = (pipeline: ChainableCommander): void => {
      for (const name of names) pipeline.eval(moveScript, 2, prefix + name, newPrefix + name);
    };
    if (names.length > 0) await connection.pipeline(0, fill);
    cursor = next;
  } while (cursor !== '0');
}
