import type { MonitoringProblem } from '@hindcast/contracts';
import { runbooks } from '@hindcast/contracts';
import { bytes } from '../format/quantities.js';

/** What was found out about this machine and what runs on it. */
export interface MachineFacts {
  readonly node: { readonly version: string; readonly needed: number };
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number };
  readonly disk: { readonly folder: string; readonly freeBytes: number | undefined; readonly whyNotWritable: string | undefined };
  readonly ports: readonly PortFacts[];
  /** Of what runs; undefined where nothing does. */
  readonly running: RunningFacts | undefined;
  /** Files of instruments that cannot be what they should be, told without opening them. */
  readonly damagedFiles: readonly string[];
  readonly files: number;
  /** How what is stored is laid out: by one process in the home, by a stack in its servers. */
  readonly schemas: readonly SchemaFacts[];
  readonly model: { readonly folder: string; readonly isThere: boolean };
  readonly clock: { readonly nowMs: number; readonly builtMs: number };
  readonly access: readonly AccessFacts[];
}

export interface SchemaFacts {
  readonly where: string;
  readonly kind: 'standalone' | 'stack';
  /** Names of migrations that are still to be applied. */
  readonly pending: readonly string[];
  /** Applied, and unknown here or another one: a newer version did that. */
  readonly strange: readonly string[];
  /** Why it cannot be told; undefined where it can. */
  readonly fault?: string;
}

export interface PortFacts {
  readonly port: number;
  readonly use: string;
  /** Whoever listens there. */
  readonly holder: 'nobody' | 'hindcast' | 'another';
}

export interface RunningFacts {
  readonly url: string;
  readonly ready: boolean;
  readonly down: readonly string[];
  readonly problems: readonly MonitoringProblem[];
  /** The clocks of sources less ours. */
  readonly skews: readonly { readonly feed: string; readonly skewMs: number }[];
  /** Null where none is loaded, undefined where it does not say. */
  readonly model: string | null | undefined;
}

/** A key file or a certificate that the environment names. */
export interface AccessFacts {
  readonly what: string;
  readonly fault: string | undefined;
  readonly expiresMs?: number;
}

export interface Finding {
  readonly what: string;
  /** `fault`: it does not run, or loses something, until somebody does what `advice` says. */
  readonly state: 'ok' | 'warning' | 'fault';
  readonly found: string;
  readonly advice?: string;
}

/** Measured: with the simulator's history, and with nothing but the services; see docs/OPERATING.md#small-machines. */
const memoryNeededBytes = 1_000_000_000;
const memoryLeastBytes = 300_000_000;
const diskWantedBytes = 2_000_000_000;
const diskLeastBytes = 200_000_000;
const skewMaxMs = 2_000;
const dayMs = 86_400_000;
const expiryWarningMs = 14 * dayMs;

export function diagnose(facts: MachineFacts): readonly Finding[] {
  return [
    nodeFinding(facts),
    memoryFinding(facts),
    ...diskFindings(facts),
    ...facts.ports.map((port) => portFinding(port)),
    ...runningFindings(facts),
    storesFinding(facts),
    ...facts.schemas.map(schemaFinding),
    modelFinding(facts),
    ...clockFindings(facts),
    ...facts.access.map((access) => accessFinding(access, facts.clock.nowMs)),
  ];
}

function nodeFinding({ node: { version, needed } }: MachineFacts): Finding {
  if (Number(version.split('.')[0]) >= needed) return { what: 'node', state: 'ok', found: version };
  return {
    what: 'node',
    state: 'fault',
    found: `${version} is too old`,
    advice: `npm ci brings Node ${needed} or newer; npm start uses it by itself.`,
  };
}

function memoryFinding({ memory: { totalBytes, availableBytes }, running }: MachineFacts): Finding {
  const found = `${bytes(availableBytes)} of ${bytes(totalBytes)} free`;
  const wanted = `Hindcast takes about ${bytes(memoryNeededBytes)} with a few symbols`;
  if (running || availableBytes >= memoryNeededBytes) return { what: 'memory', state: 'ok', found };
  const advice = `${wanted}: end something else, or let it need less (docs/OPERATING.md#small-machines).`;
  return { what: 'memory', state: availableBytes < memoryLeastBytes ? 'fault' : 'warning', found, advice };
}

function diskFindings({ disk: { folder, freeBytes, whyNotWritable } }: MachineFacts): readonly Finding[] {
  if (whyNotWritable !== undefined) {
    const first = whyNotWritable.startsWith('ENOSPC') ? 'Make room on its disk' : 'Give yourself the right to write there';
    const advice = `${first}, or name another folder with HINDCAST_HOME.`;
    return [{ what: 'disk', state: 'fault', found: `${folder} cannot be written: ${whyNotWritable}`, advice }];
  }
  if (freeBytes === undefined) return [];
  const found = `${bytes(freeBytes)} free for ${folder}`;
  if (freeBytes >= diskWantedBytes) return [{ what: 'disk', state: 'ok', found }];
  const advice = 'Make room, keep less with HINDCAST_DUCKDB_RETENTION, or name a folder on another disk with HINDCAST_HOME.';
  return [{ what: 'disk', state: freeBytes < diskLeastBytes ? 'fault' : 'warning', found, advice }];
}

function portFinding({ port, use, holder }: PortFacts): Finding {
  const what = `port ${port}`;
  if (holder === 'nobody') return { what, state: 'ok', found: `free for ${use}` };
  if (holder === 'hindcast') return { what, state: 'ok', found: `${use} of Hindcast` };
  const advice = 'Stop it, or shift every port of Hindcast with HINDCAST_PORT_OFFSET=100.';
  return { what, state: 'fault', found: `another program has it, ${use} cannot be opened`, advice };
}

function runningFindings({ running }: MachineFacts): readonly Finding[] {
  if (!running) return [{ what: 'runs', state: 'ok', found: 'nothing; npm start starts it' }];
  const { url, ready, down, problems } = running;
  return [
    ready
      ? { what: 'runs', state: 'ok', found: url }
      : {
          what: 'runs',
          state: 'fault',
          found: `${url} is not ready: ${down.join('; ') || 'it does not say why'}`,
          advice: 'Its log says more: HINDCAST_HOME/logs.',
        },
    ...problems.map(({ severity, message, runbook }): Finding => {
      const advice = `${runbooks[runbook]} (docs/OPERATING.md#${runbook})`;
      return { what: 'problem', state: severity === 'critical' ? 'fault' : 'warning', found: message, advice };
    }),
  ];
}

function storesFinding({ damagedFiles, files }: MachineFacts): Finding {
  if (damagedFiles.length === 0)
    return { what: 'stores', state: 'ok', found: files === 0 ? 'none yet' : `${files} files, all of them DuckDB's` };
  const advice = 'Put good copies in their place, or move them away to begin those instruments anew (docs/OPERATING.md#store-damaged).';
  return {
    what: 'stores',
    state: 'fault',
    found: `${damagedFiles.length} of ${files} files are damaged: ${damagedFiles.join(', ')}`,
    advice,
  };
}

function schemaFinding({ where, kind, pending, strange, fault }: SchemaFacts): Finding {
  const what = 'schema';
  if (fault !== undefined)
    return { what, state: 'warning', found: `${where}: ${fault}`, advice: 'Start what does not answer, and ask again.' };
  if (strange.length > 0) {
    const found = `${where} has migrations that this version does not know, or has otherwise: ${strange.join(', ')}`;
    return { what, state: 'fault', found, advice: 'Use the version of Hindcast that wrote it, or another folder with HINDCAST_HOME.' };
  }
  if (pending.length === 0) return { what, state: 'ok', found: `${where} is as this version wants it` };
  const found = `${where} lacks ${pending.join(', ')}`;
  // One process brings its files up to date when it opens them; servers are migrated by whoever starts the stack.
  if (kind === 'standalone') return { what, state: 'ok', found: `${found}; the next start applies it` };
  return {
    what,
    state: 'warning',
    found,
    advice: 'npx hindcast migrate up applies it, as npm run stack does before it starts the services.',
  };
}

function modelFinding({ model: { folder, isThere }, running }: MachineFacts): Finding {
  const advice = 'npm run setup fetches it; then start again. Until then states are made, and similar answers MODEL_MISSING.';
  if (!isThere) return { what: 'model', state: 'warning', found: `no embedding model in ${folder}`, advice };
  if (running?.model === null) return { what: 'model', state: 'warning', found: 'it is there, and what runs has not loaded it', advice };
  return { what: 'model', state: 'ok', found: running?.model ?? folder };
}

function clockFindings({ clock: { nowMs, builtMs }, running }: MachineFacts): readonly Finding[] {
  const advice = 'Set the clock, best by NTP: ticks that seem to lie in the future are refused.';
  if (nowMs < builtMs - dayMs)
    return [{ what: 'clock', state: 'fault', found: `${new Date(nowMs).toISOString()} is before this version was built`, advice }];
  const off = (running?.skews ?? []).filter(({ skewMs }) => Math.abs(skewMs) > skewMaxMs);
  if (off.length === 0) return [{ what: 'clock', state: 'ok', found: new Date(nowMs).toISOString() }];
  return off.map(({ feed, skewMs }): Finding => {
    const found = `the source of ${feed} says ${(Math.abs(skewMs) / 1_000).toFixed(1)} s ${skewMs > 0 ? 'later' : 'earlier'} than this machine`;
    return { what: 'clock', state: 'warning', found, advice };
  });
}

function accessFinding({ what, fault, expiresMs }: AccessFacts, nowMs: number): Finding {
  if (fault !== undefined) return { what, state: 'fault', found: fault, advice: 'docs/OPERATING.md#keys and #tls say how they are made.' };
  if (expiresMs === undefined) return { what, state: 'ok', found: 'can be used' };
  const day = new Date(expiresMs).toISOString().slice(0, 10);
  if (expiresMs < nowMs)
    return { what, state: 'fault', found: `expired on ${day}`, advice: 'Put a new one in its place; it is read again by itself.' };
  const isSoon = expiresMs - nowMs < expiryWarningMs;
  return { what, state: isSoon ? 'warning' : 'ok', found: `until ${day}`, ...(isSoon ? { advice: 'Renew it before then.' } : {}) };
}
