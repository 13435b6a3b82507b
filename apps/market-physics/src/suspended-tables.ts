import { HindcastError } from '@hindcast/contracts';
import type { TickWriter } from '@hindcast/ports';
import { pause } from './retrying.js';

export interface SuspendedTablesEvents {
  resumed(tables: readonly string[]): void;
}

/** Between two looks; a table that is suspended again at once costs no more than this many resumptions. */
const lookIntervalMs = 5_000;

/**
 * QuestDB suspends a table that it could not write, most often because its disk was full, and goes on acknowledging rows that
 * nobody can read. tick-ingest sees to it while it waits for ticks; states, which nobody waits to read, are seen to here.
 */
export class SuspendedTables {
  constructor(
    private readonly store: Pick<TickWriter, 'resumeSuspended'>,
    private readonly events: SuspendedTablesEvents,
    private readonly options: { readonly lookIntervalMs?: number } = {},
  ) {}

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await pause(this.options.lookIntervalMs ?? lookIntervalMs, signal);
    }
  }

  private async look(): Promise<void> {
    try {
      const tables = await this.store.resumeSuspended();
      if (tables.length > 0) this.events.resumed(tables);
    } catch (error) {
      // A store that is away or refuses is told of by health, and asked again.
      if (!(error instanceof HindcastError)) throw error;
    }
  }
}
