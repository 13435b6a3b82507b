import { HindcastError } from '@hindcast/contracts';
import type { MomentStore } from '@hindcast/ports';

/** Rows after which the store is asked whether its index and files want work. */
const rowsBetween = 20_000;

/** Looks after a memory's index and files in the background while rows come. */
export class MemoryUpkeep {
  private readonly rowsSince = new Map<string, number>();
  private working: Promise<void> | undefined;

  constructor(
    private readonly moments: Pick<MomentStore, 'optimize'>,
    private readonly onFailure: (error: HindcastError) => void,
  ) {}

  written(memory: string, rows: number): void {
    const since = (this.rowsSince.get(memory) ?? 0) + rows;
    this.rowsSince.set(memory, since);
    if (since >= rowsBetween) this.look(memory);
  }

  /** Begins where nothing is under way. */
  look(memory: string): void {
    if (this.working) return;
    this.rowsSince.delete(memory);
    this.working = this.optimize(memory).finally(() => (this.working = undefined));
  }

  async close(): Promise<void> {
    await this.working;
  }

  private async optimize(memory: string): Promise<void> {
    try {
      await this.moments.optimize(memory);
    } catch (error) {
      if (!(error instanceof HindcastError)) throw error;
      // It was dropped meanwhile.
      if (error.code !== 'MEMORY_UNKNOWN') this.onFailure(error);
    }
  }
}
