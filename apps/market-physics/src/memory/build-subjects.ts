import { HindcastError } from '@hindcast/contracts';
import { instrumentKey } from '@hindcast/market';
import type { InstrumentSummary, TickStore } from '@hindcast/ports';
import type { RebuildTarget } from '../rebuild.js';
import { untilVisible } from '../stored-states.js';
import { SessionLateness } from './late-sessions.js';
import type { BuildSubject } from './session-builds.js';

export interface BuildSubjects {
  readonly subjects: readonly BuildSubject[];
  /** Instruments that cannot be read whole, each with the reason. */
  readonly leftOut: readonly string[];
}

export interface SubjectParts {
  readonly store: Pick<TickStore, 'trades' | 'newestTrades' | 'instruments'>;
  readonly signal: AbortSignal;
  /** How long the store may show nothing more of what was acknowledged; a minute where nothing is said. */
  readonly stallMaxMs: number | undefined;
}

/** Whoever comes after one that was waited for in vain has had as long: it is looked at, and not waited for. */
const oneLookMs = 1;

/**
 * What the store has of the instruments. Of one whose newest trades retention has dropped, or a file does not give, it is not known
 * what else is missing: it is left out. STORE_AWAY where nothing at all is left.
 */
export async function buildSubjects(
  targets: readonly RebuildTarget[],
  { store, signal, stallMaxMs }: SubjectParts,
): Promise<BuildSubjects> {
  const failures = new Map<RebuildTarget, HindcastError>();
  for (const target of targets) {
    try {
      await untilVisible(target, { store, signal, stallMaxMs: failures.size > 0 ? oneLookMs : stallMaxMs });
    } catch (error) {
      if (!(error instanceof HindcastError) || signal.aborted) throw error;
      failures.set(target, error);
    }
  }
  const [failure] = failures.values();
  if (failure && failures.size === targets.length) throw failure;
  const summaries = (await store.instruments()).filter(({ table }) => table === 'trades');
  const byKey = new Map(summaries.map((summary) => [instrumentKey(summary), summary]));
  const subjects = targets.flatMap((target) => {
    const stored = byKey.get(instrumentKey(target));
    if (!stored || failures.has(target)) return [];
    return [buildSubjectOf(target, stored, { store, signal })];
  });
  return { subjects, leftOut: [...failures].map(([target, { code, message }]) => `${instrumentKey(target)}: ${code}: ${message}`) };
}

export function buildSubjectOf(
  { market, symbol, closedThroughUs }: Pick<RebuildTarget, 'market' | 'symbol' | 'closedThroughUs'>,
  stored: InstrumentSummary,
  { store, signal }: { readonly store: Pick<TickStore, 'trades'>; readonly signal: AbortSignal },
): BuildSubject {
  const lateness = new SessionLateness({
    instrument: { market, symbol },
    store,
    closedThroughUs: () => closedThroughUs,
    days: () => Promise.resolve(stored.days),
    signal,
  });
  return { market, symbol, closedThroughUs, stored, lateness };
}
