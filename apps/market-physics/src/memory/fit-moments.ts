import { HindcastError } from '@hindcast/contracts';
import { MomentColumns, defaultWeights, type FitOptions, type MemoryDefinition } from '@hindcast/memory';
import { calendarOfMarket } from '@hindcast/market';
import { builtSessions, type BuildParts, type BuildSubject, type MomentRule } from './session-builds.js';
import { missingRuns, type WantedSpan } from './session-runs.js';

export interface FitRequest extends WantedSpan, MomentRule {
  readonly id: string;
  /** All instruments where there are none. */
  readonly symbols: readonly string[] | undefined;
  readonly search: FitOptions['search'];
}

export interface FitProgress {
  readonly onMoments: (moments: number) => void;
  readonly onShare: (share: number) => void;
}

/** Closer moments are nearly the same ones again: they cost time and teach nothing. */
const learnedIntervalMsMin = 30_000;
/** Each is compared with all others. */
const learnedMomentsMax = 50_000;

/** Learns a memory's definition from the stored trades of a span, and from nothing after it. */
export async function fitDefinition(
  request: FitRequest,
  subjects: readonly BuildSubject[],
  parts: BuildParts & FitProgress,
): Promise<MemoryDefinition> {
  const learned = await learnedMoments(request, subjects, parts);
  const { id, fromUs, toUs, search, stateIntervalMs, horizons } = request;
  const options: FitOptions = { id, fromUs, toUs, search, weights: defaultWeights };
  const { version, errors } = await parts.folder.fit(learned.parts(), options);
  // What the future will bring is not known, whatever span was asked for.
  const knownAtUs = Math.min(toUs, Math.max(...subjects.map(({ closedThroughUs }) => closedThroughUs)));
  return { id, signature: version, stateIntervalMs, horizons, errors, knownAtUs, skill: null };
}

async function learnedMoments(
  { fromUs, toUs, stateIntervalMs, horizons }: FitRequest,
  subjects: readonly BuildSubject[],
  parts: BuildParts & FitProgress,
): Promise<MomentColumns> {
  const rule = { stateIntervalMs: Math.max(stateIntervalMs, learnedIntervalMsMin), horizons };
  const all = new MomentColumns(horizons);
  for (const [place, subject] of subjects.entries()) {
    const closedThroughUs = Math.min(subject.closedThroughUs, toUs);
    const wanted = { fromUs: Math.max(fromUs, subject.stored.firstUs), toUs: closedThroughUs };
    for (const run of missingRuns(calendarOfMarket(subject.market), wanted)) {
      for await (const { moments, share } of builtSessions({ ...subject, closedThroughUs }, { run, rule }, parts)) {
        for (const block of moments) for (let row = 0; row < block.length; row += 1) all.addFrom(block, row);
        parts.onMoments(all.length);
        parts.onShare((place + share) / subjects.length);
        if (all.length > learnedMomentsMax)
          throw new HindcastError(
            'FIELD_INVALID',
            `from, to, symbols: more than ${learnedMomentsMax} moments lie in the span; take fewer days or symbols, or an interval of more than ${rule.stateIntervalMs} ms.`,
          );
      }
    }
  }
  return all;
}
