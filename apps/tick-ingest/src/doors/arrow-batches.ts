import { HindcastError } from '@hindcast/contracts';
import { batchRowsMax, cutBatch, parseArrowTicks, positionsOf, type ArrowTicks, type TickBatch } from '@hindcast/market';

/** Positions of one request; more than a batch has are cut into several. */
const requestPositionsMax = 16 * batchRowsMax;

/** A request in Arrow as the batches that are admitted; its rows rise in position through all of them. */
export function arrowBatches(
  ticks: ArrowTicks,
  { slackUs = 0, marks = [], rejected = [] }: Partial<Pick<TickBatch, 'slackUs' | 'marks' | 'rejected'>> = {},
): readonly TickBatch[] {
  const { source, receivedAtUs } = ticks;
  const batch: TickBatch = { ...parseArrowTicks(ticks), source, receivedAtUs, slackUs, marks, rejected };
  const positions = positionsOf(batch);
  if (positions > requestPositionsMax) {
    throw new HindcastError(
      'BATCH_TOO_LARGE',
      `the request has positions up to ${positions - 1}; at most ${requestPositionsMax} rows are taken`,
    );
  }
  return cutBatch(batch);
}
