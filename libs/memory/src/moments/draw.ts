import type { Instrument } from '@hindcast/market';

/**
 * A number of [0, 1) that belongs to a moment and is spread evenly over moments: what is below a bound is a sample that
 * anybody can draw again. FNV-1a of the key, then mixed (Murmur3's finaliser), because keys differ in few characters.
 */
export function drawOf({ market, symbol, timeUs }: Instrument & { readonly timeUs: number }): number {
  let hash = 0x811c9dc5;
  for (const character of `${market}|${symbol}|${timeUs}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
