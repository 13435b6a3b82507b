import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Needs } from './access/needs.js';
import { Documented } from './docs/documented.js';
import { thrownMessage } from './thrown.js';

/** What a probe says of one dependency; further fields are shown as they are. */
export interface DependencyHealth {
  readonly up: boolean;
  readonly detail?: string;
  readonly [fact: string]: unknown;
}

export type Probe = () => Promise<DependencyHealth>;

export interface ProbeOptions {
  /** Without a critical dependency the service is not ready; without another it only says so. */
  readonly critical: boolean;
}

export interface ReadyReport {
  readonly status: 'ready' | 'not_ready' | 'stopping';
  readonly service: string;
  readonly version: string;
  readonly uptime_seconds: number;
  readonly dependencies: Readonly<Record<string, DependencyHealth & ProbeOptions>>;
}

export interface HealthSettings {
  readonly service: string;
  readonly version: string;
  /** Milliseconds of a clock that only goes forward. */
  readonly nowMs: () => number;
  /** Aborted when the service stops. */
  readonly stopping: AbortSignal;
  readonly probeMaxMs?: number;
  readonly cacheMs?: number;
}

interface RegisteredProbe extends ProbeOptions {
  readonly probe: Probe;
  running: Promise<DependencyHealth> | undefined;
  last: { readonly health: DependencyHealth; readonly atMs: number } | undefined;
}

/**
 * Asks each dependency for its state: never longer than `probeMaxMs`, not oftener than every `cacheMs`, and one probe
 * of each at a time, so that a dependency in trouble is not also flooded by those who look at it.
 */
export class HealthRegistry {
  private readonly startedMs: number;
  private readonly probeMaxMs: number;
  private readonly cacheMs: number;

  constructor(
    private readonly settings: HealthSettings,
    private readonly probes = new Map<string, RegisteredProbe>(),
    private readonly prefix = '',
  ) {
    this.startedMs = settings.nowMs();
    this.probeMaxMs = settings.probeMaxMs ?? 2_000;
    this.cacheMs = settings.cacheMs ?? 1_000;
  }

  /** The same report for one service of several in a process: what it registers stands under its name, as `market-physics.log`. */
  of(service: string): HealthRegistry {
    return new HealthRegistry(this.settings, this.probes, `${service}.`);
  }

  register(dependency: string, probe: Probe, options: ProbeOptions = { critical: true }): void {
    const name = this.prefix + dependency;
    if (this.probes.has(name)) throw new Error(`two dependencies are called ${name}`);
    this.probes.set(name, { probe, ...options, running: undefined, last: undefined });
  }

  live(): { readonly status: 'live'; readonly service: string; readonly version: string; readonly uptime_seconds: number } {
    return { status: 'live', ...this.identity() };
  }

  async ready(): Promise<ReadyReport> {
    const answers = await Promise.all(
      [...this.probes].map(async ([name, probe]) => [name, { ...(await this.ask(probe)), critical: probe.critical }] as const),
    );
    const up = answers.every(([, { up: answered, critical }]) => answered || !critical);
    const status = this.settings.stopping.aborted ? 'stopping' : up ? 'ready' : 'not_ready';
    return { status, ...this.identity(), dependencies: Object.fromEntries(answers) };
  }

  private identity() {
    const { service, version, nowMs } = this.settings;
    return { service, version, uptime_seconds: Math.floor((nowMs() - this.startedMs) / 1_000) };
  }

  private async ask(probe: RegisteredProbe): Promise<DependencyHealth> {
    const { last } = probe;
    if (last !== undefined && this.settings.nowMs() - last.atMs < this.cacheMs) return last.health;
    probe.running ??= this.run(probe);
    return within(probe.running, this.probeMaxMs);
  }

  private async run(probe: RegisteredProbe): Promise<DependencyHealth> {
    try {
      const health = await probe.probe();
      probe.last = { health, atMs: this.settings.nowMs() };
      return health;
    } catch (error) {
      const health = { up: false, detail: thrownMessage(error) };
      probe.last = { health, atMs: this.settings.nowMs() };
      return health;
    } finally {
      probe.running = undefined;
    }
  }
}

async function within(running: Promise<DependencyHealth>, maxMs: number): Promise<DependencyHealth> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<DependencyHealth>((resolve) => {
    timer = setTimeout(() => resolve({ up: false, detail: `no answer in ${maxMs} ms` }), maxMs);
  });
  try {
    return await Promise.race([running, silence]);
  } finally {
    clearTimeout(timer);
  }
}

@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthRegistry) {}

  /** 200 while the process answers at all; asks nothing of what it depends on. */
  @Get('live')
  @Needs('none')
  live() {
    return this.health.live();
  }

  /** 200 with `status` ready; 503 while a critical dependency is away (not_ready) or the service ends (stopping). `dependencies` has each with its facts. */
  @Get('ready')
  @Needs('none')
  @Documented({ sameBody: { 503: 'Not ready, or stopping.' } })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadyReport> {
    const report = await this.health.ready();
    void reply.code(report.status === 'ready' ? 200 : 503);
    return report;
  }
}
