import type { ChunkWriter } from './chunk-writer.js';
import type { InstrumentFile } from './instrument-files.js';
import { highestSequence, leaveOutStored, storedSequences } from './stored-sequences.js';
import type { InstrumentPiece, TickPiece } from './tick-piece.js';
import { translateWords } from './translate-words.js';

export interface TickRows {
  readonly ofInstrument: InstrumentPiece;
  /** Whose words the rows' codes are. */
  readonly piece: TickPiece;
  readonly streamId: string;
}

/** The rows that the file does not hold yet, and how far it is then, in one transaction. */
export async function writeTickRows(chunks: ChunkWriter, { file, words }: InstrumentFile, rows: TickRows): Promise<void> {
  const { ofInstrument, piece, streamId } = rows;
  const tables = [ofInstrument.trades, ofInstrument.quotes];
  try {
    await file.write(async (writer) => {
      for (const table of tables) await leaveOutStored(writer, table, file.newest().number);
      if (tables.every(({ length }) => length === 0)) return undefined;
      const translated = await translateWords(tables, piece.words.words, (some) => words.codes(writer, some));
      for (const table of translated) await chunks.append(writer, table);
      return { streamId, number: ofInstrument.lastNumber, sequence: Math.max(...tables.map(highestSequence)) };
    });
  } catch (error) {
    words.forgetWritten();
    throw error;
  }
}

/** Whether the file holds all of these rows. */
export async function holdsTickRows({ file }: InstrumentFile, { trades, quotes, lastNumber }: InstrumentPiece): Promise<boolean> {
  if (lastNumber > file.newest().number) return false;
  for (const rows of [trades, quotes]) {
    const stored = await file.maintain((writer) => storedSequences(writer, rows));
    if (stored.size < rows.length) return false;
  }
  return true;
}
