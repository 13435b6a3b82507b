import type { HindcastError } from '@hindcast/contracts';
import { rebuildAndWait, type RebuildParts } from '../commands/physics-rebuild.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { SendSummary } from './summary.js';
import type { LateDays } from './tally.js';

/** A run whose rows are all stored and computed. */
export interface Settled {
  readonly summary: SendSummary;
  /** Why the store could not be counted. */
  readonly failure?: HindcastError;
}

/**
 * Live states never take late trades in, so the states of days that came late are made again with all that is known now. A store
 * that cannot be counted goes before: a rebuild reads it, and its failure would hide that one; what is left to do is told.
 */
export async function conclude(
  { summary, failure }: Settled,
  { services, terminal }: Pick<RebuildParts, 'services' | 'terminal'>,
): Promise<ExitCode> {
  const { ledger, late_days: days } = summary;
  if (failure) {
    if (days !== null)
      terminal.note(`${lateDaysText(days)} Once the store can be counted, make their states again: ${rebuildCommand(days)}`);
    throw failure;
  }
  if (days !== null) {
    terminal.note(`${lateDaysText(days)} Rebuilding their states in hindsight.`);
    const { symbols, fromDay: from, toDay } = days;
    await rebuildAndWait({ request: { mode: 'hindsight', from, to: dayAfter(toDay), symbols }, services, terminal });
  }
  return ledger?.balanced && ledger.verified ? exitCodes.ok : exitCodes.ledger;
}

function lateDaysText({ symbols, fromDay, toDay }: LateDays): string {
  const span = fromDay === toDay ? fromDay : `${fromDay} to ${toDay}`;
  return `Trades of ${symbols.join(', ')} of ${span} came after later days and are late as a whole.`;
}

function rebuildCommand({ symbols, fromDay, toDay }: LateDays): string {
  return `npx hindcast physics rebuild --mode hindsight --from ${fromDay} --to ${toDay} --symbols ${symbols.join(',')}`;
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}
