import type { Instrument, LoggedBatch } from '@hindcast/market';
import type { TickWriter, WriteOptions, WriteOutcome } from '@hindcast/ports';
import { ChunkWriter } from './chunk-writer.js';
import { inParallel } from './in-parallel.js';
import type { InstrumentFile, InstrumentFiles } from './instrument-files.js';
import type { Outages } from './outages.js';
import type { RejectedRows } from './rejected-rows.js';
import { SerialQueue } from './serial-queue.js';
import { highestSequence, leaveOutStored, storedSequences } from './stored-sequences.js';
import { translateWords } from './translate-words.js';
import { TickPiece, type InstrumentPiece } from './tick-piece.js';
import { VisibleBatches, type WrittenAs } from './visible-batches.js';

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
  readonly #rejected: RejectedRows;
  readonly #chunks = new ChunkWriter();
  readonly #turns = new SerialQueue();
  readonly #visible = new VisibleBatches();

  readonly #outages: Outages;

  constructor(parts: { readonly files: InstrumentFiles; readonly rejected: RejectedRows; readonly outages: Outages }) {
    this.#files = parts.files;
    this.#rejected = parts.rejected;
    this.#outages = parts.outages;
  }

  async writeTicks(batches: readonly LoggedBatch[], { skip, streamId = unnamedStream }: WriteOptions = {}): Promise<WriteOutcome> {
    const piece = pieceOf(batches, skip);
    // One piece after the other, as they come: to a file a batch below its newest one is a resend, which costs a look.
    const rejectedRows = await this.#turns.run(async () => {
      await this.#mend(this.#outages.due());
      await inParallel([...piece.instruments.values()], commitsAtOnce, (ofInstrument) =>
        this.#place(ofInstrument, piece, batches, { skip, streamId }),
      );
      return this.#rejected.write(batches, { skip, streamId });
    });
    this.#visible.add(batches, { skip, streamId });
    return { kind: 'written', rows: piece.rows + rejectedRows };
  }

  async areVisible(batches: readonly LoggedBatch[], { skip, streamId = unnamedStream }: WriteOptions = {}): Promise<boolean> {
    const unseen = batches.filter((batch) => !this.#visible.has(batch, { skip, streamId }));
    for (const ofInstrument of pieceOf(unseen, skip).instruments.values()) {
      const isThere = await this.#files.use(ofInstrument.instrument, (file) => holds(file, ofInstrument));
      if (isThere !== true) return false;
    }
    return this.#rejected.areVisible(unseen, { skip, streamId });
  }

  /** Nothing is ever suspended here: a file takes rows, or says why not. */
  resumeSuspended(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /** Tries instruments again whose files could not take rows. Those that still cannot are left for later. */
  mend(instruments: readonly Instrument[]): Promise<void> {
    return this.#turns.run(() => this.#mend(instruments));
  }

  async #mend(instruments: readonly Instrument[]): Promise<void> {
    for (const instrument of instruments) {
      try {
        for (const { batch, streamId } of this.#outages.waiting(instrument)) {
          const piece = pieceOf([batch], undefined);
          for (const ofInstrument of piece.instruments.values())
            await this.#files.useOrMake(instrument, (file) => this.#write(file, ofInstrument, piece, streamId));
        }
        await this.#files.useOrMake(instrument, () => Promise.resolve());
        this.#outages.end(instrument);
      } catch (error) {
        this.#outages.note(instrument, error);
      }
    }
  }

  /** Into the instrument's file, or where that cannot take rows, to those that wait. */
  async #place(ofInstrument: InstrumentPiece, piece: TickPiece, batches: readonly LoggedBatch[], as: WrittenAs): Promise<void> {
    const { instrument } = ofInstrument;
    if (!this.#outages.isOut(instrument)) {
      try {
        await this.#files.useOrMake(instrument, (file) => this.#write(file, ofInstrument, piece, as.streamId));
        return;
      } catch (error) {
        this.#outages.note(instrument, error);
      }
    }
    this.#outages.keep(instrument, batches, as);
  }

  async #write({ file, words }: InstrumentFile, ofInstrument: InstrumentPiece, piece: TickPiece, streamId: string): Promise<void> {
    const tables = [ofInstrument.trades, ofInstrument.quotes];
    try {
      await file.write(async (writer) => {
        for (const rows of tables) await leaveOutStored(writer, rows, file.newest().number);
        if (tables.every(({ length }) => length === 0)) return undefined;
        await translateWords(tables, piece.words.words, (some) => words.codes(writer, some));
        for (const rows of tables) await this.#chunks.append(writer, rows);
        return { streamId, number: ofInstrument.lastNumber, sequence: Math.max(...tables.map(highestSequence)) };
      });
    } catch (error) {
      words.forgetWritten();
      throw error;
    }
  }
}

function pieceOf(batches: readonly LoggedBatch[], skip: ReadonlySet<string> | undefined): TickPiece {
  const piece = new TickPiece();
  for (const batch of batches) piece.add(batch, skip);
  return piece;
}

async function holds({ file }: InstrumentFile, { trades, quotes, lastNumber }: InstrumentPiece): Promise<boolean> {
  if (lastNumber > file.newest().number) return false;
  for (const rows of [trades, quotes]) {
    const stored = await file.maintain((writer) => storedSequences(writer, rows));
    if (stored.size < rows.length) return false;
  }
  return true;
}
