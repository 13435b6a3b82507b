/** What is wanted of a session now, and how it waits until anything is. */
export class WantedSymbols {
  private names: ReadonlySet<string> = new Set();
  private wake: () => void = () => undefined;

  get all(): readonly string[] {
    return [...this.names];
  }

  has(symbol: string): boolean {
    return this.names.has(symbol);
  }

  /** True where they are others than before. */
  replace(names: ReadonlySet<string>): boolean {
    const before = this.names;
    this.names = names;
    this.wake();
    return names.size !== before.size || [...names].some((name) => !before.has(name));
  }

  /** Resolves when any symbol is wanted, or the signal aborts. */
  async any(signal: AbortSignal): Promise<void> {
    while (this.names.size === 0 && !signal.aborted) {
      const woken = Promise.withResolvers<void>();
      const resolve = (): void => woken.resolve();
      this.wake = resolve;
      signal.addEventListener('abort', resolve, { once: true });
      await woken.promise;
      signal.removeEventListener('abort', resolve);
    }
  }
}
