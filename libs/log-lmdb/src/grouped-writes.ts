/** While every turn of the event loop brings further writes, a commit waits for them, but never longer than this. */
const companyMaxMs = 10;
/** Writes of one commit; the bound of what a failed one takes with it. */
const groupMax = 256;

interface Waiting<Write> {
  readonly write: Write;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes that come while one is under way share the next commit: one flush, and one value for each key that several of them
 * change. Their order is kept. A write that comes alone waits for one turn of the event loop, no more.
 */
export class GroupedWrites<Write> {
  private readonly waiting: Waiting<Write>[] = [];
  private running: Promise<void> | undefined;

  /** `commit` says of each write why it was left out, undefined where it was not; where it rejects, none was written. */
  constructor(private readonly commit: (writes: readonly Write[]) => Promise<readonly (Error | undefined)[]>) {}

  /** Resolves when the write is on disk. */
  add(write: Write): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ write, resolve, reject });
      this.running ??= this.commitAll();
    });
  }

  /** Whether the next write will share the commit of the one that is meant, which has not begun. */
  sharesNext(isMeant: (write: Write) => boolean): boolean {
    return this.waiting.length < groupMax && this.waiting.findLast(({ write }) => isMeant(write)) !== undefined;
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.running) await this.running;
  }

  private async commitAll(): Promise<void> {
    while (this.waiting.length > 0) {
      await this.gather();
      await this.commitGroup(this.waiting.splice(0, groupMax));
    }
    this.running = undefined;
  }

  private async gather(): Promise<void> {
    const untilMs = performance.now() + companyMaxMs;
    for (let known = 0; known < this.waiting.length && this.waiting.length < groupMax && performance.now() < untilMs;) {
      known = this.waiting.length;
      await new Promise(setImmediate);
    }
  }

  private async commitGroup(group: readonly Waiting<Write>[]): Promise<void> {
    try {
      const faults = await this.commit(group.map(({ write }) => write));
      for (const [at, { resolve, reject }] of group.entries()) {
        const fault = faults[at];
        if (fault === undefined) resolve();
        else reject(fault);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
