import { HindcastError } from '@hindcast/contracts';
import { openArrow } from './arrow-table.js';
import { openCsv } from './csv-table.js';
import { shapeOf } from './file-bytes.js';
import { binance } from './formats/binance.js';
import { hindcast } from './formats/hindcast.js';
import { mapped } from './formats/mapped.js';
import { tardis } from './formats/tardis.js';
import type { FileHints } from './formats/table-format.js';
import { openParquet } from './parquet-table.js';
import type { RawTable } from './raw-table.js';
import type { ScratchDatabase } from './scratch-database.js';
import type { TickTable } from './tick-table.js';

/** What can be read, for those whose file cannot. */
export const knownFormats = [
  'LEAN zips at equity/usa/tick/SYMBOL/YYYYMMDD_{trade,quote}.zip and forex/oanda/tick/...',
  'tardis.dev CSV(.gz) of trades, quotes and book_ticker',
  'Binance public data (CSV or zip) of trades, aggTrades and bookTicker',
  "Hindcast's own exports (Arrow, Parquet, CSV)",
  'any CSV, TSV, Parquet or Arrow file whose columns are named with --columns',
] as const;

/** FIELD_INVALID: a table whose meaning nobody has said. */
export class UnknownFormat extends HindcastError {
  readonly path: string;

  constructor({ path, columns, isNamed }: RawTable) {
    const told = isNamed
      ? `Its columns are ${columns.slice(0, 40).join(', ')}.`
      : `It names none of its ${columns.length} columns: --columns says by number what they are, as timestamp=1,price=2,size=3.`;
    super('FIELD_INVALID', `${path} is of no format that is known. ${told}`);
    this.path = path;
  }
}

/** A file with what its rows are understood to say. */
export interface RecognisedTable {
  readonly raw: RawTable;
  readonly table: TickTable;
}

/** Opens a table and says what it means. Columns that a person names go before every guess. UnknownFormat where nothing fits. */
export async function recognise(path: string, hints: FileHints, scratch: ScratchDatabase): Promise<RecognisedTable> {
  const raw = await openTable(path, scratch);
  const formats = hints.columns === undefined ? [hindcast, tardis, binance, mapped] : [mapped];
  for (const format of formats) {
    const table = format(raw, hints);
    if (table) return { raw, table };
  }
  throw new UnknownFormat(raw);
}

async function openTable(path: string, scratch: ScratchDatabase): Promise<RawTable> {
  const shape = await shapeOf(path);
  if (shape === 'empty') throw new HindcastError('BODY_INVALID', `${path} is empty.`);
  if (shape === 'parquet') return openParquet(path, scratch);
  if (shape === 'arrow file' || shape === 'arrow stream') return openArrow(path, shape);
  return openCsv(path, shape);
}
