import { setTimeout as sleep } from 'node:timers/promises';
import {
  dayUs,
  HindcastError,
  utcDay,
  type LedgerCell,
  type LedgerCounts,
  type LedgerDifference,
  type LedgerDto,
  type LedgerVerification,
  type TickKind,
} from '@hindcast/contracts';
import { decodeLoggedBatch } from '@hindcast/market';
import type { CellTotals, KindTotals, QuarantinedRow, TickLog, TickStore } from '@hindcast/ports';

const visiblePollMs = 20;
const visiblePollsMax = 500;

/**
 * The proof that nothing is lost or doubled: `inherited + received = stored + pending + rejected + duplicate +
 * quarantined`, and a count in the store itself for each table, instrument and UTC day.
 */
export class LedgerService {
  constructor(
    private readonly log: TickLog,
    private readonly store: Pick<TickStore, 'counts' | 'writeTicks' | 'areVisible'>,
    private readonly wait: (ms: number) => Promise<unknown> = (ms) => sleep(ms),
  ) {}

  ledger(): LedgerDto {
    const { totals, rejectedByCode, cells, storedThroughNumber } = this.log.recall();
    const counts = { trades: countsOf(totals.trades), quotes: countsOf(totals.quotes) };
    return {
      stream_id: this.log.streamId,
      balanced: isBalanced(totals.trades, cellsOf(cells, 'trades')) && isBalanced(totals.quotes, cellsOf(cells, 'quotes')),
      head_number: this.log.position().headNumber,
      stored_through_number: storedThroughNumber,
      totals: counts,
      rejected_by_code: rejectedByCode,
      cells: cells.map(ledgerCell),
    };
  }

  /**
   * Counts the store. While rows are on their way a cell may hold any number between what was seen there and what was
   * let in; once nothing is pending the numbers must be equal.
   */
  async verify(): Promise<LedgerVerification> {
    const before = this.log.recall();
    const inStore = new Map((await this.store.counts()).map((count) => [cellKey(count), count]));
    const after = this.log.recall();
    const leastOf = new Map(before.cells.map((cell) => [cellKey(ledgerCell(cell)), cell]));
    const differences: LedgerDifference[] = [];
    let rows = 0;
    for (const cell of after.cells) {
      const shown = ledgerCell(cell);
      const key = cellKey(shown);
      const found = inStore.get(key)?.rows ?? 0;
      inStore.delete(key);
      rows += found;
      const least = leastOf.get(key)?.stored ?? 0;
      const most = cell.inherited + cell.admitted - cell.quarantined;
      if (found < least || found > most) differences.push({ ...shown, in_store: found });
    }
    for (const { table, market, symbol, day, rows: found } of inStore.values()) {
      rows += found;
      differences.push({ table, market, symbol, day, inherited: 0, admitted: 0, stored: 0, quarantined: 0, late: 0, in_store: found });
    }
    const { balanced } = this.ledger();
    return { verified: differences.length === 0, balanced, cells: after.cells.length, rows, differences };
  }

  /** Sends every quarantined row again, each alone; those that the store takes now, and shows, leave the quarantine. */
  async retryQuarantine(): Promise<{ readonly retried: number; readonly stored: number; readonly still_refused: number }> {
    const { quarantine } = this.log.recall();
    let stored = 0;
    for (const row of quarantine) {
      if (!(await this.isTaken(row))) continue;
      await this.log.releaseQuarantine([row]);
      stored++;
    }
    return { retried: quarantine.length, stored, still_refused: quarantine.length - stored };
  }

  private async isTaken({ body }: QuarantinedRow): Promise<boolean> {
    const batches = [decodeLoggedBatch(Buffer.from(body, 'base64'))];
    const options = { streamId: this.log.streamId };
    const outcome = await this.store.writeTicks(batches, options);
    if (outcome.kind === 'refused') return false;
    for (let poll = 0; poll < visiblePollsMax; poll++) {
      if (await this.store.areVisible(batches, options)) return true;
      await this.wait(visiblePollMs);
    }
    throw new HindcastError(
      'STORE_AWAY',
      `the store took a row of the quarantine and does not show it after ${visiblePollsMax * visiblePollMs} ms`,
    );
  }
}

function countsOf(totals: KindTotals): LedgerCounts {
  const { inherited, received, stored, rejected, duplicate, quarantined, late } = totals;
  return { inherited, received, stored, pending: pendingOf(totals), rejected, duplicate, quarantined, late };
}

function pendingOf({ inherited, accepted, stored, quarantined }: KindTotals): number {
  return inherited + accepted - stored - quarantined;
}

/** Holds the sums against each other and against the cells, which are counted apart. */
function isBalanced(totals: KindTotals, cells: readonly CellTotals[]): boolean {
  const { inherited, received, stored, rejected, duplicate, quarantined } = totals;
  const pending = pendingOf(totals);
  const sum = (field: 'inherited' | 'admitted' | 'stored' | 'quarantined'): number => cells.reduce((total, cell) => total + cell[field], 0);
  return (
    pending >= 0 &&
    inherited + received === stored + pending + rejected + duplicate + quarantined &&
    sum('inherited') === inherited &&
    sum('admitted') === totals.accepted &&
    sum('stored') === stored &&
    sum('quarantined') === quarantined
  );
}

function cellsOf(cells: readonly CellTotals[], table: TickKind): readonly CellTotals[] {
  return cells.filter((cell) => cell.table === table);
}

function ledgerCell({ table, market, symbol, day, inherited, admitted, stored, quarantined, late }: CellTotals): LedgerCell {
  return { table, market, symbol, day: utcDay(day * dayUs), inherited, admitted, stored, quarantined, late };
}

function cellKey({
  table,
  market,
  symbol,
  day,
}: {
  readonly table: string;
  readonly market: string;
  readonly symbol: string;
  readonly day: string;
}): string {
  return `${table} ${market} ${symbol} ${day}`;
}
