import type { PricePath, SimilarNeighbour } from '@hindcast/contracts';
import { sparkline } from '../format/sparkline.js';

/** Characters before and after the moment. */
const width = 12;

/** A path on one scale, the moment marked: `▃▂▄▅|▅▆█`. */
export function pathSpark({ before, after }: SimilarNeighbour['path']): string {
  const [past, future] = [resampled(before), resampled(after)];
  if (past.length === 0) return '';
  // A block is one character.
  const line = sparkline([...past, ...future], past.length + future.length);
  return `${line.slice(0, past.length)}|${line.slice(past.length)}`;
}

/** At most `width` values, evenly spread, the last one among them. */
function resampled({ returns }: PricePath): readonly number[] {
  if (returns.length <= width) return returns;
  return Array.from({ length: width }, (_, place) => returns[Math.round(((place + 1) * returns.length) / width) - 1]);
}
