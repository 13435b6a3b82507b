import { batchRowsMax, positionsOf, weightOf, type BatchPlace, type LoggedBatch, type TickBatch } from '@hindcast/market';

/**
 * What a batch weighs that requests share. It is encoded in the main thread, and decoded and folded there by whoever follows, each
 * time in one go.
 */
const sharedWeightMax = 16_384;

/** The batch with the highest number, as far as the next request has to know it: requests that wait for one commit share a batch. */
export interface NewestBatch {
  readonly number: number;
  /** Of the write with its newest rows. */
  readonly serial: number;
  /** How many positions are taken. */
  readonly positions: number;
  readonly weight: number;
  readonly source: string;
  readonly slackUs: number;
  /** Marks apply after all rows of their batch: none follow. */
  readonly hasMarks: boolean;
}

/** A batch to which nothing is added. */
export function closedBatch(number: number): NewestBatch {
  return { number, serial: 0, positions: batchRowsMax, weight: 0, source: '', slackUs: 0, hasMarks: true };
}

/** Behind the rows of the newest batch where it `isOpen`, waiting for its commit, and can take these; else in a batch of their own. */
export function placeAfter(newest: NewestBatch, batch: TickBatch, isOpen: boolean): Required<BatchPlace> {
  const isShared =
    isOpen &&
    newest.source === batch.source &&
    newest.slackUs === batch.slackUs &&
    !newest.hasMarks &&
    newest.weight + weightOf(batch) <= sharedWeightMax &&
    newest.positions + positionsOf(batch) <= batchRowsMax;
  return isShared ? { number: newest.number, firstPosition: newest.positions } : { number: newest.number + 1, firstPosition: 0 };
}

/** The newest batch once `logged`, which is what was let in of `batch`, stands at this place. */
export function newestWith(
  newest: NewestBatch,
  {
    batch,
    logged,
    place,
    serial,
  }: { readonly batch: TickBatch; readonly logged: LoggedBatch; readonly place: Required<BatchPlace>; readonly serial: number },
): NewestBatch {
  const { number, firstPosition } = place;
  return {
    number,
    serial,
    positions: firstPosition + positionsOf(batch),
    weight: weightOf(logged) + (number === newest.number ? newest.weight : 0),
    source: batch.source,
    slackUs: batch.slackUs,
    hasMarks: logged.marks.length > 0,
  };
}
