import { X509Certificate } from 'node:crypto';
import { constants, existsSync, statSync } from 'node:fs';
import { access, mkdir, open, readFile, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { HindcastError, usFromIso, type FeedsFacts, type MonitoringReport } from '@hindcast/contracts';
import { parseKeyFile, projectRoot, ServiceClient } from '@hindcast/service-kit/caller';
import type { CliConfig } from '../config.js';
import { listens } from '../which-runs.js';
import type { AccessFacts, MachineFacts, PortFacts, RunningFacts } from './diagnosis.js';
import { schemaFacts } from './schema-facts.js';

const nodeNeeded = 22;
const askMaxMs = 4_000;
/** Where DuckDB writes who it is: eight bytes of a checksum, then this. */
const duckDbMark = 'DUCK';
const duckDbMarkAt = 8;
const filesMax = 10_000;

/** Finds out; changes nothing, and opens no store. */
export async function machineFacts(config: CliConfig): Promise<MachineFacts> {
  const running = await runningFacts(config);
  const data = await dataFiles(join(config.home, 'standalone', 'data'));
  const model = join(config.cache, 'minilm-int8');
  return {
    node: { version: process.versions.node, needed: nodeNeeded },
    memory: {
      totalBytes: Math.min(totalmem(), process.constrainedMemory() || Infinity),
      availableBytes: process.availableMemory() || freemem(),
    },
    disk: { folder: shown(config.home), ...(await diskFacts(config.home)) },
    ports: await portFacts(config, running !== undefined),
    running,
    files: data.length,
    damagedFiles: (await Promise.all(data.map(async (file) => ((await isDuckDb(file)) ? [] : [shown(file)])))).flat(),
    model: { folder: model, isThere: existsSync(join(model, 'minilm', 'onnx', 'model_quantized.onnx')) },
    schemas: await schemaFacts(config, { stackRuns: running !== undefined && running.url === config.tickIngestUrl, shown }),
    clock: { nowMs: Date.now(), builtMs: statSync(join(projectRoot, 'package-lock.json')).mtimeMs },
    access: await accessFacts(config),
  };
}

/** Of the process of `npm start`, or of the stack's tick-ingest where that runs. */
async function runningFacts({ standaloneUrl, tickIngestUrl, apiKey, target }: CliConfig): Promise<RunningFacts | undefined> {
  const candidates = [...(target === 'stack' ? [] : [standaloneUrl]), ...(target === 'standalone' ? [] : [tickIngestUrl])];
  for (const url of candidates) {
    if (!(await listens(url))) continue;
    const client = new ServiceClient({ name: 'Hindcast', baseUrl: url, apiKey, deadlineMs: askMaxMs });
    const ready = await readiness(url);
    if (!ready) continue;
    const report = await client.get('/v1/monitoring', { parse: (body) => body as MonitoringReport }).catch(ignoreAway);
    const feeds = await client.get('/v1/feeds', { parse: (body) => body as FeedsFacts }).catch(ignoreAway);
    const embedding = report?.sections['embedding']?.facts as { readonly model: string | null } | null | undefined;
    return {
      url,
      ...ready,
      problems: Object.values(report?.sections ?? {}).flatMap(({ problems }) => problems),
      skews: (feeds?.feeds ?? []).flatMap(({ name: feed, clock_skew_ms: skewMs }) => (skewMs === null ? [] : [{ feed, skewMs }])),
      model: embedding?.model,
    };
  }
  return undefined;
}

interface Readiness {
  readonly ready: boolean;
  readonly down: readonly string[];
}

/** Undefined where whoever answers is no Hindcast. A service that is not ready answers 503, with its reasons. */
async function readiness(url: string): Promise<Readiness | undefined> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(askMaxMs) });
    const report = (await response.json()) as {
      readonly service?: string;
      readonly dependencies?: Readonly<Record<string, { readonly up: boolean; readonly critical: boolean; readonly detail?: string }>>;
    };
    if (report.service === undefined) return undefined;
    const down = Object.entries(report.dependencies ?? {}).filter(([, { up, critical }]) => critical && !up);
    return { ready: response.ok, down: down.map(([name, { detail = 'down' }]) => `${name}: ${detail}`) };
  } catch {
    // Whatever it says, it is not what Hindcast would say.
    return undefined;
  }
}

function ignoreAway(error: unknown): undefined {
  if (!(error instanceof HindcastError)) throw error;
  return undefined;
}

async function portFacts({ ports, standaloneUrl }: CliConfig, isRunning: boolean): Promise<readonly PortFacts[]> {
  const wanted = [
    { port: ports.standaloneHttp, use: 'HTTP' },
    { port: ports.standaloneGrpc, use: 'gRPC' },
  ];
  const isOurs = isRunning && (await readiness(standaloneUrl)) !== undefined;
  return Promise.all(
    wanted.map(async ({ port, use }) => {
      const isTaken = await listens(`http://${new URL(standaloneUrl).hostname}:${port}`);
      return { port, use, holder: !isTaken ? ('nobody' as const) : isOurs ? ('hindcast' as const) : ('another' as const) };
    }),
  );
}

async function diskFacts(home: string): Promise<{ freeBytes: number | undefined; whyNotWritable: string | undefined }> {
  // What is not there yet is made in the nearest folder that is.
  let folder = home;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const space = await statfs(folder).catch(() => undefined);
  return { freeBytes: space && space.bavail * space.bsize, whyNotWritable: await whyNotWritable(folder) };
}

async function whyNotWritable(folder: string): Promise<string | undefined> {
  const probe = join(folder, `.doctor-${process.pid}`);
  try {
    // Who is root may write where nobody may: what counts is whether it works.
    await access(folder, constants.W_OK);
    await mkdir(folder, { recursive: true });
    await writeFile(probe, 'a file that may be removed', { flush: true });
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).message;
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

async function dataFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.duckdb'));
  return files.slice(0, filesMax).map(({ parentPath, name }) => join(parentPath, name));
}

async function isDuckDb(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  try {
    const { buffer, bytesRead } = (await file?.read(Buffer.alloc(duckDbMark.length), 0, duckDbMark.length, duckDbMarkAt)) ?? {
      bytesRead: 0,
    };
    return bytesRead === duckDbMark.length && buffer?.toString('latin1') === duckDbMark;
  } finally {
    await file?.close();
  }
}

async function accessFacts({ apiKeys, tlsCertFile, tlsKeyFile }: CliConfig): Promise<readonly AccessFacts[]> {
  const facts: AccessFacts[] = [];
  if (apiKeys !== undefined) facts.push(await keyFacts(apiKeys));
  if (tlsCertFile !== undefined && tlsKeyFile !== undefined) facts.push(await certificateFacts(tlsCertFile, tlsKeyFile));
  return facts;
}

async function keyFacts(file: string): Promise<AccessFacts> {
  const what = 'keys';
  try {
    const keys = parseKeyFile(await readFile(file, 'utf8'), file);
    if (keys.length === 0) return { what, fault: `${file} has no key: nobody could come in` };
    const last = keys
      .map(({ expires }) => (expires === undefined ? Infinity : (usFromIso(expires) ?? 0) / 1_000))
      .toSorted((a, b) => b - a)[0];
    return last === Infinity ? { what, fault: undefined } : { what, fault: undefined, expiresMs: last };
  } catch (error) {
    return { what, fault: (error as Error).message };
  }
}

async function certificateFacts(certificateFile: string, keyFile: string): Promise<AccessFacts> {
  const what = 'certificate';
  try {
    const certificate = new X509Certificate(await readFile(certificateFile));
    await readFile(keyFile);
    return { what, fault: undefined, expiresMs: Date.parse(certificate.validTo) };
  } catch (error) {
    return { what, fault: (error as Error).message };
  }
}

function shown(path: string): string {
  const here = relative(process.cwd(), path);
  return here === '' || here.startsWith('..') ? path : here;
}
