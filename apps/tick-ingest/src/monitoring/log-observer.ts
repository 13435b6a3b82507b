import { statfs, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isoFromUs, type FollowerFacts, type FollowersFacts, type LogFacts, type MonitoringProblem } from '@hindcast/contracts';
import type { Clock, TickLog } from '@hindcast/ports';
import type { Observation } from '@hindcast/service-kit';
import type { LogTimeline } from './log-timeline.js';

export interface LogObserverParts {
  readonly log: Pick<TickLog, 'position' | 'progress' | 'read' | 'streamId'>;
  readonly timeline: LogTimeline;
  readonly clock: Clock;
  readonly logDir: string;
  readonly logRowsMax: number;
  readonly logKeepRows: number;
  /** Those that hold trimming back even before they first report. */
  readonly followers: readonly string[];
  /** Those that were cut off. */
  readonly cut: ReadonlySet<string>;
  readonly rowsUnflushed: () => number;
}

/** The store's drain follows the log like everybody else. */
export const drainName = 'tick-store';

const shareWarn = 0.8;
const shareCritical = 0.95;
const diskShareWarn = 0.1;
const diskShareCritical = 0.03;
/** A follower reports once a second; one that is silent for a minute with something to do does not get on. */
const silentMaxUs = 60_000_000;

/** How full the log is, who keeps it so, and how far each follower is behind. */
export class LogObserver {
  constructor(private readonly parts: LogObserverParts) {}

  async log(): Promise<Observation<LogFacts>> {
    const { log, logDir, logRowsMax, logKeepRows, rowsUnflushed } = this.parts;
    const { firstNumber, headNumber, rows } = log.position();
    const [file, disk] = await Promise.all([stat(join(logDir, 'data.mdb')), statfs(logDir)]);
    const share = rows / logRowsMax;
    const pinnedBy = rows > logKeepRows ? this.slowest() : [];
    const freeShare = disk.bavail / disk.blocks;
    const problems: MonitoringProblem[] = [];
    if (share >= shareWarn) {
      const who = pinnedBy.length === 0 ? '' : `, held by ${pinnedBy.join(' and ')}`;
      const message = `the log is at ${Math.floor(share * 100)} % of its ${logRowsMax} rows${who}`;
      problems.push({ runbook: 'log-filling', severity: share >= shareCritical ? 'critical' : 'warning', message });
    }
    if (freeShare <= diskShareWarn) {
      const message = `${(freeShare * 100).toFixed(1)} % of the log's disk are free`;
      problems.push({ runbook: 'disk-full', severity: freeShare <= diskShareCritical ? 'critical' : 'warning', message });
    }
    return {
      problems,
      facts: {
        stream_id: log.streamId,
        rows,
        rows_max: logRowsMax,
        share,
        file_bytes: file.size,
        first_number: firstNumber,
        head_number: headNumber,
        rows_unflushed: rowsUnflushed(),
        pinned_by: pinnedBy,
        disk: { free_bytes: disk.bavail * disk.bsize, free_share: freeShare },
      },
    };
  }

  followers(): Observation<FollowersFacts> {
    const followers = this.positions().map((position) => this.follower(position));
    return { facts: { followers }, problems: followers.flatMap((follower) => this.problemsOf(follower)) };
  }

  /** Name and number of everybody who follows, the drain first. */
  positions(): readonly { readonly follower: string; readonly number: number; readonly progressAtUs: number | undefined }[] {
    const { storedThroughNumber, checkpoints } = this.parts.log.progress();
    const known = new Map(checkpoints.map((checkpoint) => [checkpoint.follower, checkpoint]));
    const names = new Set([...this.parts.followers, ...known.keys()]);
    return [
      { follower: drainName, number: storedThroughNumber, progressAtUs: undefined },
      ...[...names].map((follower) => ({
        follower,
        number: known.get(follower)?.number ?? 0,
        progressAtUs: positive(known.get(follower)?.progressAtUs),
      })),
    ];
  }

  /** Batches, rows and seconds between a number and the log's head. */
  behind(number: number): { readonly batches: number; readonly rows: number; readonly seconds: number } {
    const { log, timeline, clock } = this.parts;
    const { firstNumber, headNumber } = log.position();
    if (number >= headNumber) return { batches: 0, rows: 0, seconds: 0 };
    const waiting = log.read(Math.max(number + 1, firstNumber));
    const seconds = waiting ? Math.max(0, (clock.nowUs() - waiting.receivedAtUs) / 1_000_000) : 0;
    return { batches: headNumber - number, rows: timeline.rowsAfter(number), seconds };
  }

  private slowest(): readonly string[] {
    const held = this.positions().filter(({ follower }) => !this.parts.cut.has(follower));
    const least = Math.min(...held.map(({ number }) => number));
    return least >= this.parts.log.position().headNumber
      ? []
      : held.filter(({ number }) => number === least).map(({ follower }) => follower);
  }

  private follower({ follower, number, progressAtUs }: ReturnType<LogObserver['positions']>[number]): FollowerFacts {
    const { batches, rows, seconds } = this.behind(number);
    return {
      follower,
      owner: follower === drainName || this.parts.followers.includes(follower) ? 'hindcast' : 'outside',
      number,
      batches_behind: batches,
      rows_behind: rows,
      seconds_behind: seconds,
      progress_at: progressAtUs === undefined ? null : isoFromUs(progressAtUs),
      cut_off: this.parts.cut.has(follower),
    };
  }

  private problemsOf({ follower, batches_behind: batches, seconds_behind: seconds, progress_at, cut_off }: FollowerFacts) {
    const problem = (message: string): MonitoringProblem[] => [{ runbook: 'follower-stalled', severity: 'critical', message }];
    if (cut_off) return problem(`${follower} was cut off: it has to catch up from the store`);
    // The drain says itself what it waits for.
    if (follower === drainName || batches === 0) return [];
    const silentSinceUs = progress_at === null ? 0 : Date.parse(progress_at) * 1_000;
    if (this.parts.clock.nowUs() - silentSinceUs < silentMaxUs || seconds * 1_000_000 < silentMaxUs) return [];
    return problem(`${follower} is ${batches} batches behind and has not got on for ${Math.round(seconds)} s`);
  }
}

function positive(timeUs: number | undefined): number | undefined {
  return timeUs === 0 ? undefined : timeUs;
}
