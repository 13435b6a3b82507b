import type { LoggedBatch } from '@hindcast/market';
import type { TickWriter, WriteOptions, WriteOutcome } from '@hindcast/ports';
import { inParallel } from './in-parallel.js';
import type { InstrumentFiles } from './instrument-files.js';
import type { InstrumentPlaces } from './instrument-places.js';
import { waitingTicks } from './outages.js';
import type { RejectedRows } from './rejected-rows.js';
import { SerialQueue } from './serial-queue.js';
import { TickPiece } from './tick-piece.js';
import { holdsTickRows, writeTickRows } from './tick-rows.js';
import { VisibleBatches } from './visible-batches.js';

/** Files that are written at once: while one commit waits for the disk, the next file's rows are put together. */
const commitsAtOnce = 4;
/** Stands in for the log's id where a caller names none. */
const unnamedStream = 'unnamed';

/**
 * Ticks into the files of their instruments. A piece is on disk, in all of its files, when its write resolves; where it
 * does not, some files have it and some have not, and sending it again adds what is missing: each file knows how far it is.
 * An instrument whose file cannot take rows has them put aside, and holds up nobody.
 */
export class DuckDbTickWriter implements TickWriter {
  readonly #files: InstrumentFiles;
  readonly #places: InstrumentPlaces;
  readonly #rejected: RejectedRows;
  readonly #turns = new SerialQueue();
  readonly #visible = new VisibleBatches();

  constructor(parts: { readonly files: InstrumentFiles; readonly places: InstrumentPlaces; readonly rejected: RejectedRows }) {
    this.#files = parts.files;
    this.#places = parts.places;
    this.#rejected = parts.rejected;
  }

  async writeTicks(batches: readonly LoggedBatch[], { skip, streamId = unnamedStream }: WriteOptions = {}): Promise<WriteOutcome> {
    const piece = pieceOf(batches, skip);
    // One piece after the other, as they come: to a file a batch below its newest one is a resend, which costs a look.
    const rejectedRows = await this.#turns.run(async () => {
      await this.#places.mendDue();
      await inParallel([...piece.instruments.values()], commitsAtOnce, (ofInstrument) =>
        this.#places.write(
          ofInstrument.instrument,
          (file) => writeTickRows(this.#places.chunks, file, { ofInstrument, piece, streamId }),
          () => waitingTicks(ofInstrument.instrument, batches, { skip, streamId }),
        ),
      );
      return this.#rejected.write(batches, { skip, streamId });
    });
    this.#visible.add(batches, { skip, streamId });
    return { kind: 'written', rows: piece.rows + rejectedRows };
  }

  async areVisible(batches: readonly LoggedBatch[], { skip, streamId = unnamedStream }: WriteOptions = {}): Promise<boolean> {
    const unseen = batches.filter((batch) => !this.#visible.has(batch, { skip, streamId }));
    for (const ofInstrument of pieceOf(unseen, skip).instruments.values()) {
      const isThere = await this.#files.use(ofInstrument.instrument, (file) => holdsTickRows(file, ofInstrument));
      if (isThere !== true) return false;
    }
    return this.#rejected.areVisible(unseen, { skip, streamId });
  }

  /** Nothing is ever suspended here: a file takes rows, or says why not. */
  resumeSuspended(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }
}

function pieceOf(batches: readonly LoggedBatch[], skip: ReadonlySet<string> | undefined): TickPiece {
  const piece = new TickPiece();
  for (const batch of batches) piece.add(batch, skip);
  return piece;
}
