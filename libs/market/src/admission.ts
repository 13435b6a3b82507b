import { dayUs, type TickKind } from '@hindcast/contracts';
import type { AdmissionState, InstrumentState } from './admission-state.js';
import { freshInstrument, withInstruments } from './admission-state.js';
import { barEndUs } from './bars.js';
import { sideCodes, type QuoteColumns, type TradeColumns } from './columns.js';
import { identityHashes } from './identity.js';
import { instrumentKey, type Instrument } from './instrument.js';
import type { KnownTicks } from './known-ticks.js';
import { RowChecks, rejectedRow, type AdmissionLimits, type Objection } from './row-checks.js';
import { selectQuotes, selectTrades, type RowSelection } from './select-rows.js';
import { sequenceOf, type BatchPlace, type LoggedBatch, type Mark, type RejectedRow, type TickBatch } from './tick-batch.js';
import { tickRuleAfter, type TickRule } from './tick-rule.js';

export interface KindCounts {
  readonly received: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  /** Part of accepted. */
  readonly late: number;
}

/** Rows let in of one table, instrument and UTC day: what the ledger adds up. */
export interface CellCount extends Instrument {
  readonly table: TickKind;
  /** Days since the epoch. */
  readonly day: number;
  readonly admitted: number;
  readonly late: number;
}

export interface Admission {
  readonly batch: LoggedBatch;
  /** False where nothing but duplicates came: there is no batch to log, only counters to add. */
  readonly hasContent: boolean;
  readonly state: AdmissionState;
  readonly changed: readonly InstrumentState[];
  readonly counts: Readonly<Record<TickKind, KindCounts>>;
  readonly cells: readonly CellCount[];
}

export interface AdmissionArguments extends BatchPlace {
  readonly nowUs: number;
  readonly limits: AdmissionLimits;
  readonly known: KnownTicks;
}

/**
 * Lets a batch in: a fold over arrival order that decides, once and for all, which rows are duplicates, which are
 * rejected and why, which trades are late, and the side of those that came without one. What it decides is written
 * into the batch; nobody downstream decides it again. The given state is left as it was.
 */
export function admit(
  state: AdmissionState,
  batch: TickBatch,
  { number, firstPosition = 0, nowUs, limits, known }: AdmissionArguments,
): Admission {
  const drafts = new Drafts(state);
  const cells = new Cells();
  const rejected: RejectedRow[] = [...batch.rejected];
  const firstSequence = sequenceOf(number, firstPosition);
  const fold = { firstSequence, known, drafts, cells, rejected };
  const trades = admitTrades(batch, { ...fold, checks: new RowChecks(batch.trades, { nowUs, limits }) });
  const quotes = admitQuotes(batch, { ...fold, checks: new RowChecks(batch.quotes, { nowUs, limits }) });
  const marks = batch.marks.filter((mark) => drafts.advance(mark));
  const logged: LoggedBatch = {
    number,
    source: batch.source,
    receivedAtUs: batch.receivedAtUs,
    slackUs: batch.slackUs,
    trades: trades.columns,
    quotes: quotes.columns,
    marks,
    rejected: moved(
      rejected.sort((a, b) => a.position - b.position),
      firstPosition,
    ),
  };
  const changed = drafts.changed();
  return {
    batch: logged,
    hasContent: logged.trades.length + logged.quotes.length + marks.length + rejected.length > 0,
    state: withInstruments(state, changed),
    changed,
    counts: {
      trades: countsOf('trades', batch.trades.length, trades, rejected),
      quotes: countsOf('quotes', batch.quotes.length, quotes, rejected),
    },
    cells: cells.list(),
  };
}

/** Rows that are looked up together: their slots of admission's memory stay in the cache until they are asked for. */
const rowsAhead = 256;

interface FoldArguments {
  /** Of position 0. */
  readonly firstSequence: number;
  readonly known: KnownTicks;
  readonly drafts: Drafts;
  readonly cells: Cells;
  readonly rejected: RejectedRow[];
  readonly checks: RowChecks;
}

interface Folded<Columns> {
  readonly columns: Columns;
  readonly duplicate: number;
  readonly late: number;
}

function admitTrades({ trades: columns, slackUs }: TickBatch, fold: FoldArguments): Folded<TradeColumns> {
  const { timeUs, price } = columns;
  const side = Uint8Array.from(columns.side);
  const sideInferred = new Uint8Array(columns.length);
  const late = new Uint8Array(columns.length);
  const { kept, ...counts } = foldRows('trades', columns, fold, (row, draft) => {
    const isLate = barEndUs(timeUs[row]) <= draft.clockUs;
    const inferred = draft.trade({ timeUs: timeUs[row], price: price[row], isLate, slackUs });
    if (side[row] === sideCodes.none && inferred !== sideCodes.none) {
      side[row] = inferred;
      sideInferred[row] = 1;
    }
    if (isLate) late[row] = 1;
    return late[row];
  });
  const decided: TradeColumns = { ...columns, sequence: sequences(columns.sequence, fold.firstSequence), side, sideInferred, late };
  return { columns: selectTrades(decided, kept), ...counts };
}

function admitQuotes({ quotes: columns }: TickBatch, fold: FoldArguments): Folded<QuoteColumns> {
  const { kept, ...counts } = foldRows('quotes', columns, fold, () => 0);
  const decided: QuoteColumns = { ...columns, sequence: sequences(columns.sequence, fold.firstSequence) };
  return { columns: selectQuotes(decided, kept), ...counts };
}

/** What rows of both kinds go through. `letIn` does what only its kind needs, and returns 1 for a row that is late. */
function foldRows(
  table: TickKind,
  columns: TradeColumns | QuoteColumns,
  { firstSequence, known, drafts, cells, rejected, checks }: FoldArguments,
  letIn: (row: number, draft: InstrumentDraft) => number,
): { readonly kept: RowSelection; readonly duplicate: number; readonly late: number } {
  const { length, timeUs, sequence } = columns;
  const { low, high } = identityHashes(table, columns);
  const draftOf = drafts.finder(columns);
  const isTrades = table === 'trades';
  const rows = new Uint32Array(length);
  let count = 0;
  let duplicate = 0;
  let late = 0;
  for (let row = 0; row < length; row++) {
    if (row % rowsAhead === 0) known.expect(low, row, Math.min(row + rowsAhead, length));
    const objection =
      (isTrades ? checks.trade(row) : checks.quote(row)) ??
      settle(isTrades ? known.trade(row, low[row], high[row]) : known.quote(row, low[row], high[row]));
    if (objection === 'duplicate') {
      duplicate++;
      continue;
    }
    if (objection !== undefined) {
      rejected.push(rejectedRow(table, columns, row, objection));
      continue;
    }
    known.remember(low[row], high[row], firstSequence + sequence[row]);
    const draft = draftOf(row);
    const isLate = letIn(row, draft);
    late += isLate;
    cells.add(table, draft, timeUs[row], isLate);
    rows[count++] = row;
  }
  return { kept: { rows, count }, duplicate, late };
}

function settle(verdict: 'new' | 'duplicate' | 'conflict'): 'duplicate' | Objection | undefined {
  if (verdict === 'new') return undefined;
  return verdict === 'duplicate' ? 'duplicate' : { code: 'TRADE_CONFLICT', field: 'id' };
}

function sequences(positions: Float64Array, firstSequence: number): Float64Array {
  return positions.map((position) => firstSequence + position);
}

function moved(rejected: readonly RejectedRow[], firstPosition: number): readonly RejectedRow[] {
  return firstPosition === 0 ? rejected : rejected.map((row) => ({ ...row, position: firstPosition + row.position }));
}

function countsOf(
  table: TickKind,
  sent: number,
  folded: Folded<{ readonly length: number }>,
  rejected: readonly RejectedRow[],
): KindCounts {
  const accepted = folded.columns.length;
  const rejectedHere = rejected.filter((row) => row.table === table).length;
  const rejectedBefore = rejectedHere - (sent - accepted - folded.duplicate);
  return { received: sent + rejectedBefore, accepted, duplicate: folded.duplicate, rejected: rejectedHere, late: folded.late };
}

/** The instruments of one batch while it is folded: mutable here, values again in `changed`. */
class Drafts {
  private readonly drafts = new Map<string, InstrumentDraft>();

  constructor(private readonly state: AdmissionState) {}

  /** The draft of a row's instrument; its name is looked up once a pair of codes. */
  finder({ symbol, market }: TradeColumns | QuoteColumns): (row: number) => InstrumentDraft {
    const slots: (InstrumentDraft | undefined)[] = [];
    return (row) => {
      const slot = market.codes[row] * symbol.values.length + symbol.codes[row];
      return (slots[slot] ??= this.draft({ market: market.values[market.codes[row]], symbol: symbol.values[symbol.codes[row]] }));
    };
  }

  /** False for a mark that tells nothing new. */
  advance(mark: Mark): boolean {
    return this.draft(mark).advance(mark.timeUs);
  }

  changed(): InstrumentState[] {
    return [...this.drafts.values()].filter((draft) => draft.isChanged).map((draft) => draft.value());
  }

  private draft({ market, symbol }: Instrument): InstrumentDraft {
    const key = instrumentKey({ market, symbol });
    let draft = this.drafts.get(key);
    if (!draft) this.drafts.set(key, (draft = new InstrumentDraft(this.state.instruments.get(key) ?? freshInstrument({ market, symbol }))));
    return draft;
  }
}

class InstrumentDraft implements Instrument {
  readonly market: string;
  readonly symbol: string;
  clockUs: number;
  isChanged = false;
  private live: TickRule;
  private late: TickRule;

  constructor({ market, symbol, clockUs, live, late }: InstrumentState) {
    this.market = market;
    this.symbol = symbol;
    this.clockUs = clockUs;
    this.live = live;
    this.late = late;
  }

  /** Folds one trade and returns the side that the tick rule gives it. */
  trade({
    timeUs,
    price,
    isLate,
    slackUs,
  }: {
    readonly timeUs: number;
    readonly price: number;
    readonly isLate: boolean;
    readonly slackUs: number;
  }): number {
    this.isChanged = true;
    if (isLate) {
      this.late = tickRuleAfter(this.late, { timeUs, price });
      return this.late.direction;
    }
    this.live = tickRuleAfter(this.live, { timeUs, price });
    this.clockUs = Math.max(this.clockUs, timeUs - slackUs);
    return this.live.direction;
  }

  advance(timeUs: number): boolean {
    if (timeUs <= this.clockUs) return false;
    this.clockUs = timeUs;
    this.isChanged = true;
    return true;
  }

  value(): InstrumentState {
    const { market, symbol, clockUs, live, late } = this;
    return { market, symbol, clockUs, live, late };
  }
}

type Cell = { -readonly [Field in keyof CellCount]: CellCount[Field] };

class Cells {
  private readonly cells = new Map<string, Cell>();
  /** Each instrument's cell of its row before: a key of text for every row would cost more than admitting it. */
  private readonly newest = { trades: new Map<Instrument, Cell>(), quotes: new Map<Instrument, Cell>() };

  add(table: TickKind, instrument: Instrument, timeUs: number, late: number): void {
    const day = Math.floor(timeUs / dayUs);
    const newest = this.newest[table];
    let cell = newest.get(instrument);
    if (cell?.day !== day) newest.set(instrument, (cell = this.cell(table, instrument, day)));
    cell.admitted++;
    cell.late += late;
  }

  list(): readonly CellCount[] {
    return [...this.cells.values()];
  }

  private cell(table: TickKind, { market, symbol }: Instrument, day: number): Cell {
    const key = `${table} ${market} ${symbol} ${String(day)}`;
    let cell = this.cells.get(key);
    if (!cell) this.cells.set(key, (cell = { table, market, symbol, day, admitted: 0, late: 0 }));
    return cell;
  }
}
