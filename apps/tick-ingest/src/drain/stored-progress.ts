import { dayUs } from '@hindcast/contracts';
import { wordAt, type LoggedBatch, type QuoteColumns, type TradeColumns } from '@hindcast/market';
import { rowName, type QuarantinedRow, type StoredCell, type StoredProgress } from '@hindcast/ports';

export interface StoredPiece {
  readonly batches: readonly LoggedBatch[];
  readonly skip: ReadonlySet<string>;
  readonly quarantined: readonly QuarantinedRow[];
}

/** What a piece of the log means for the ledger once the store shows it; `skip` are the rows that it refused. */
export function progressOf({ batches, skip, quarantined }: StoredPiece): StoredProgress {
  const cells = new Map<string, MutableCell>();
  for (const { trades, quotes } of batches) {
    countRows(cells, 'trades', trades, skip);
    countRows(cells, 'quotes', quotes, skip);
  }
  return {
    firstNumber: batches[0].number,
    throughNumber: batches[batches.length - 1].number,
    stored: [...cells.values()],
    quarantined,
  };
}

type MutableCell = { -readonly [Field in keyof StoredCell]: StoredCell[Field] };

/** An instrument's cell is looked up when its day changes, not for each row. */
function countRows(
  cells: Map<string, MutableCell>,
  table: 'trades' | 'quotes',
  columns: TradeColumns | QuoteColumns,
  skip: ReadonlySet<string>,
): void {
  const { market, symbol, timeUs, sequence, length } = columns;
  const newest: (MutableCell | undefined)[] = [];
  for (let row = 0; row < length; row++) {
    if (skip.size > 0 && skip.has(rowName(table, sequence[row]))) continue;
    const slot = market.codes[row] * symbol.values.length + symbol.codes[row];
    let cell = newest[slot];
    if (cell?.day !== Math.floor(timeUs[row] / dayUs)) newest[slot] = cell = knownCell(cells, cellOf(table, columns, row));
    cell.rows++;
  }
}

function knownCell(cells: Map<string, MutableCell>, cell: Omit<StoredCell, 'rows'>): MutableCell {
  const key = `${cell.table} ${cell.market} ${cell.symbol} ${cell.day}`;
  let known = cells.get(key);
  if (!known) cells.set(key, (known = { ...cell, rows: 0 }));
  return known;
}

export function cellOf(table: 'trades' | 'quotes', columns: TradeColumns | QuoteColumns, row: number): Omit<StoredCell, 'rows'> {
  return { table, market: wordAt(columns.market, row), symbol: wordAt(columns.symbol, row), day: Math.floor(columns.timeUs[row] / dayUs) };
}
