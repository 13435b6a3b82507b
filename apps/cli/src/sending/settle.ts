import { HindcastError, type LedgerDto, type LedgerVerification } from '@hindcast/contracts';
import { ProgressDisplay } from '../format/progress.js';
import { whole } from '../format/quantities.js';
import type { Services } from '../services.js';
import type { Terminal } from '../terminal.js';

export interface SettleParts {
  readonly services: Pick<Services, 'ledger' | 'physicsProgress'>;
  readonly terminal: Terminal;
  readonly stallMs?: number;
  readonly pollMs?: number;
}

/** Without any movement for so long, something is wrong that waiting does not mend. */
const stallMs = 120_000;
const pollMs = 250;

/** Waits until the store has every row of the log, and returns the ledger then. */
export async function whenStored(parts: SettleParts): Promise<LedgerDto> {
  return settled({
    ...parts,
    ask: () => parts.services.ledger(),
    isDone: (ledger) => pendingRows(ledger) === 0,
    /** Whatever changes while the drain works. */
    movement: (ledger) => `${pendingRows(ledger)} ${ledger.stored_through_number}`,
    waiting: (ledger) => `waiting for the store: ${whole(pendingRows(ledger))} rows to go`,
  });
}

/** Waits until market-physics has made and stored the states of every batch up to `number`; with `embeddings`, their vectors too. */
export async function whenComputed(parts: SettleParts & { readonly number: number; readonly embeddings: boolean }): Promise<void> {
  const { number, embeddings, services } = parts;
  await settled({
    ...parts,
    ask: () => services.physicsProgress(),
    isDone: (progress) => progress.checkpoint_number >= number && (!embeddings || progress.embedding_queue === 0),
    movement: (progress) => `${progress.checkpoint_number} ${progress.states} ${embeddings ? progress.embedding_queue : ''}`,
    waiting: (progress) =>
      progress.checkpoint_number < number
        ? `waiting for states: batch ${whole(progress.checkpoint_number)} of ${whole(number)}, ${whole(progress.states)} states`
        : `waiting for embeddings: ${whole(progress.embedding_queue)} to go`,
  });
}

export interface Verified {
  /** Null where the store cannot be counted. */
  readonly ledger: Pick<LedgerVerification, 'balanced' | 'verified' | 'rows' | 'cells' | 'differences'> | null;
  readonly failure?: HindcastError;
}

/** The store is counted as a whole: a damaged file of another instrument must not take away the word on what was just sent. */
export async function whenVerified(services: Pick<Services, 'verifyLedger'>): Promise<Verified> {
  try {
    const { balanced, verified, rows, cells, differences } = await services.verifyLedger();
    return { ledger: { balanced, verified, rows, cells, differences } };
  } catch (failure) {
    if (!(failure instanceof HindcastError)) throw failure;
    return { ledger: null, failure };
  }
}

function pendingRows({ totals }: LedgerDto): number {
  return totals.trades.pending + totals.quotes.pending;
}

interface Wait<Answer> extends SettleParts {
  readonly ask: () => Promise<Answer>;
  readonly isDone: (answer: Answer) => boolean;
  readonly movement: (answer: Answer) => string;
  readonly waiting: (answer: Answer) => string;
}

/** Asks until it is done. A service that is away is asked again: it may be starting anew. */
async function settled<Answer>({ terminal, ask, isDone, movement, waiting, ...limits }: Wait<Answer>): Promise<Answer> {
  const { clock, signal, sleep } = terminal;
  const display = new ProgressDisplay(terminal);
  let moved = '';
  let movedAtUs = clock.nowUs();
  let last: Answer | undefined;
  for (;;) {
    try {
      last = await ask();
      if (isDone(last)) return last;
      if (movement(last) !== moved) {
        moved = movement(last);
        movedAtUs = clock.nowUs();
      }
      display.waiting(waiting(last));
    } catch (error) {
      if (!(error instanceof HindcastError) || !error.retry || isStalled()) throw error;
      display.waiting(error.message);
    }
    if (isStalled())
      throw new HindcastError(
        'UPSTREAM_AWAY',
        `nothing has moved for ${(limits.stallMs ?? stallMs) / 1000} s while ${last === undefined ? 'waiting' : waiting(last)}.`,
      );
    signal.throwIfAborted();
    await sleep(limits.pollMs ?? pollMs, signal);
  }

  function isStalled(): boolean {
    return clock.nowUs() - movedAtUs > (limits.stallMs ?? stallMs) * 1000;
  }
}
