/** What all scenes are played with: two days of two symbols, and how they are replayed. */
import { join } from 'node:path';
import { dataDirectory } from '@hindcast/testing';

export const symbols = ['AIG', 'IBM'];
export const firstDay = '2013-10-07';
export const secondDay = '2013-10-08';

/** A vector every ten minutes instead of every minute: the model is slow, and what is tested does not depend on how many. */
export const variables = { HINDCAST_EMBED_INTERVAL_MS: '600000' };

export function replayOf({ from, to = from, kinds = 'trades', batch, of = symbols }) {
  const days = ['--from', from, '--to', to, '--kinds', kinds];
  const rows = batch === undefined ? [] : ['--batch', String(batch)];
  return ['replay', '--data', join(dataDirectory, 'lean'), '--symbols', of.join(','), ...days, ...rows, '--wait-embeddings'];
}

export const hindsightRebuild = ['physics', 'rebuild', '--mode', 'hindsight', '--from', firstDay, '--to', '2013-10-09'];
