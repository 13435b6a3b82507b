import { HindcastError, isoFromUs, type MonitoringProblem, type MonitoringReport, type MonitoringSection } from '@hindcast/contracts';
import type { Clock } from '@hindcast/ports';
import { asHindcastError } from './error.filter.js';

/** What one look at a part of the service brought. */
export interface Observation<Facts> {
  readonly facts: Facts;
  readonly problems?: readonly MonitoringProblem[];
}

export interface SectionOptions<Facts> {
  readonly name: string;
  readonly read: () => Promise<Observation<Facts>>;
  /** What a failure to read it means to a person; critical, since nobody knows then how things stand. */
  readonly whenAway: MonitoringProblem['runbook'];
}

export interface MonitoringSettings {
  readonly service: string;
  readonly version: string;
  readonly clock: Clock;
  /** Milliseconds of a clock that only goes forward. */
  readonly nowMs: () => number;
  readonly sectionMaxMs?: number;
  readonly cacheMs?: number;
}

interface RegisteredSection extends SectionOptions<unknown> {
  running: Promise<MonitoringSection> | undefined;
  last: { readonly section: MonitoringSection; readonly atMs: number } | undefined;
}

const defaultSectionMaxMs = 2_500;
/** Whoever asks in a loop gets the same answer for so long: looking must not become a load. */
const defaultCacheMs = 1_000;

/**
 * What a service says of all it owns, section by section. Each is read by itself and for a bounded time, so that one
 * store that hangs costs its own section and nothing else; one reading of a section runs at a time.
 */
export class MonitoringRegistry {
  private readonly sections = new Map<string, RegisteredSection>();
  private readonly startedMs: number;

  constructor(private readonly settings: MonitoringSettings) {
    this.startedMs = settings.nowMs();
  }

  register<Facts extends object>(options: SectionOptions<Facts>): void {
    if (this.sections.has(options.name)) throw new Error(`two sections are called ${options.name}`);
    this.sections.set(options.name, { ...options, running: undefined, last: undefined });
  }

  async report(): Promise<MonitoringReport> {
    const { service, version, clock, nowMs } = this.settings;
    const entries = await Promise.all(
      [...this.sections.values()].map(async (section) => [section.name, await this.look(section)] as const),
    );
    return {
      service,
      version,
      time: isoFromUs(clock.nowUs()),
      uptime_seconds: Math.floor((nowMs() - this.startedMs) / 1_000),
      ok: entries.every(([, { ok }]) => ok),
      sections: Object.fromEntries(entries),
    };
  }

  /** What a section holds now, where it can be read: for metrics, which leave out what nobody knows. */
  async withFacts<Facts>(name: string, use: (facts: Facts) => void): Promise<void> {
    const section = this.sections.get(name);
    if (section === undefined) return;
    const { facts } = await this.look(section);
    if (facts !== null) use(facts as Facts);
  }

  private async look(section: RegisteredSection): Promise<MonitoringSection> {
    const { nowMs, cacheMs = defaultCacheMs, sectionMaxMs = defaultSectionMaxMs } = this.settings;
    const { last } = section;
    if (last !== undefined && nowMs() - last.atMs < cacheMs) return last.section;
    const startedMs = nowMs();
    section.running ??= this.read(section).finally(() => (section.running = undefined));
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<MonitoringSection>((resolve) => {
      const overdue = new HindcastError('UPSTREAM_AWAY', `${section.name} did not answer in ${sectionMaxMs} ms.`);
      timer = setTimeout(() => resolve(unread(section, overdue, nowMs() - startedMs)), sectionMaxMs);
    });
    try {
      return await Promise.race([section.running, silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async read(section: RegisteredSection): Promise<MonitoringSection> {
    const { nowMs } = this.settings;
    const startedMs = nowMs();
    const seen = await this.observed(section, startedMs);
    section.last = { section: seen, atMs: nowMs() };
    return seen;
  }

  private async observed(section: RegisteredSection, startedMs: number): Promise<MonitoringSection> {
    const { nowMs } = this.settings;
    try {
      const { facts, problems = [] } = await section.read();
      const ok = problems.every(({ severity }) => severity !== 'critical');
      return { ok, elapsed_ms: rounded(nowMs() - startedMs), problems, facts: facts as Readonly<Record<string, unknown>> };
    } catch (error) {
      return unread(section, asHindcastError(error), nowMs() - startedMs);
    }
  }
}

function unread({ whenAway }: RegisteredSection, { code, message }: HindcastError, elapsedMs: number): MonitoringSection {
  const problem: MonitoringProblem = { runbook: whenAway, severity: 'critical', message };
  return { ok: false, elapsed_ms: rounded(elapsedMs), problems: [problem], facts: null, error: { code, message } };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
