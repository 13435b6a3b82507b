import type { Instrument } from '@hindcast/market';
import { ChunkWriter } from './chunk-writer.js';
import type { InstrumentFile, InstrumentFiles } from './instrument-files.js';
import type { Outages } from './outages.js';
import { SerialQueue } from './serial-queue.js';
import { writeStateRows } from './state-rows.js';
import { TickPiece } from './tick-piece.js';
import { writeTickRows } from './tick-rows.js';
import type { Waiting } from './waiting-log.js';

/** Where an instrument's rows go: into its file, or while that cannot take them, aside. */
export class InstrumentPlaces {
  readonly chunks = new ChunkWriter();
  readonly #files: InstrumentFiles;
  readonly #outages: Outages;
  /** What is put aside, and what is brought back from there: never both at once. */
  readonly #turns = new SerialQueue();

  constructor(files: InstrumentFiles, outages: Outages) {
    this.#files = files;
    this.#outages = outages;
  }

  /** Does the work with the instrument's file; where that cannot take rows, `waiting` are put aside. On disk either way. */
  async write(instrument: Instrument, work: (file: InstrumentFile) => Promise<void>, waiting: () => readonly Waiting[]): Promise<void> {
    if (!this.#outages.isOut(instrument) && (await this.#tried(instrument, work))) return;
    await this.#turns.run(async () => {
      // It may be mended by now.
      if (!this.#outages.isOut(instrument) && (await this.#tried(instrument, work))) return;
      this.#outages.keep(instrument, waiting());
    });
  }

  /** Tries the instruments again whose turn it is. */
  async mendDue(): Promise<void> {
    const due = this.#outages.due();
    if (due.length > 0) await this.mend(due);
  }

  /** Brings back what waits where the file takes it. Instruments whose files still cannot are left for later. */
  mend(instruments: readonly Instrument[]): Promise<void> {
    return this.#turns.run(async () => {
      for (const instrument of instruments) {
        const isBack = await this.#tried(instrument, async (file) => {
          for (const waiting of this.#outages.waiting(instrument)) await this.#bringBack(file, waiting);
        });
        if (isBack) this.#outages.end(instrument);
      }
    });
  }

  async #tried(instrument: Instrument, work: (file: InstrumentFile) => Promise<void>): Promise<boolean> {
    try {
      await this.#files.useOrMake(instrument, work);
      return true;
    } catch (error) {
      this.#outages.note(instrument, error);
      // Another file may be in its place when it is next tried.
      await this.#files.letGo(instrument);
      return false;
    }
  }

  async #bringBack(file: InstrumentFile, waiting: Waiting): Promise<void> {
    if (waiting.kind === 'states') return writeStateRows(this.chunks, file, waiting);
    const piece = new TickPiece();
    piece.add(waiting.batch, undefined);
    for (const ofInstrument of piece.instruments.values())
      await writeTickRows(this.chunks, file, { ofInstrument, piece, streamId: waiting.streamId });
  }
}
