import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HindcastError } from '@hindcast/contracts';
import { z } from 'zod';
import { inUrl } from './access/own-page.js';
import { limitsShape, type DoorLimits } from './access/limits.js';
import { isOwnKeyFile, ownKeyFileAllowed, ownKeyPattern, readOwnKey } from './access/own-key.js';
import { describeFault, fieldFaults, type FieldFault } from './field-faults.js';
import { flag, oneOf, url, wholeNumber } from './fields.js';
import { portOffsetMax, portTable, type PortTable } from './ports.js';
import { accessUrl, hasPassword, isPasswordFile, passwordFileAllowed } from './server-access.js';

/** The folder that holds `package.json` of the whole; `src` and `dist` lie equally deep below it. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const loopbackAddress = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/;

/** What every service reads. A field `questdbUrl` is the variable HINDCAST_QUESTDB_URL, and so for all. */
const baseShape = {
  /** All data and pid files; a relative one is taken from the project's root. */
  home: z.string().min(1).default('.hindcast').describe('a folder'),
  /** Shifts every port, so that several stacks run side by side. */
  portOffset: wholeNumber({ min: 0, max: portOffsetMax }).default(0),
  /** What is written to the log, at least. */
  logLevel: oneOf(logLevels).default('info'),
  /** The address that every door listens on; one beyond this machine needs HINDCAST_API_KEYS. */
  bind: z
    .string()
    .regex(/^[A-Za-z0-9.:-]{1,253}$/)
    .default('127.0.0.1')
    .describe('an address of this machine, as 127.0.0.1, ::1 or 0.0.0.0'),
  /** Says that this runs in a container, whose own network is the boundary; the image sets it. */
  container: flag().default(false),
  /** The key file, as `hindcast keys` writes it: with it every door asks for a key. Changes take effect within a second. */
  apiKeys: z.string().min(1).optional().describe('a JSON file'),
  /** The key that our own clients send: services among one another, and the command line. */
  apiKey: z.string().regex(ownKeyPattern).optional().describe('16 to 256 printable characters'),
  /** Holds that key in its place, so that it stands in no environment. */
  apiKeyFile: z.string().min(1).optional().describe('a file'),
  /** The certificate of every HTTP and gRPC door, PEM, those of its authorities below it; doors then speak TLS only. */
  tlsCertFile: z.string().min(1).optional().describe('a file'),
  /** Its private key, PEM. */
  tlsKeyFile: z.string().min(1).optional().describe('a file'),
  /** Authorities that our own clients trust besides the usual ones, PEM: the certificate itself where it is self-signed. */
  tlsCaFile: z.string().min(1).optional().describe('a file'),
  /** Bytes of a request body at most; above it 413 BATCH_TOO_LARGE. 8 MiB where nothing else is said, 32 MiB for ticks. */
  bodyBytesMax: wholeNumber({ min: 1_024, max: 1_073_741_824 }).optional(),
  ...limitsShape,
  /** Downloads that clones share, as the embedding model; `${XDG_CACHE_HOME:-~/.cache}/hindcast` by default. */
  cache: z.string().min(1).optional().describe('a folder'),
  /** QuestDB over HTTP, with user and password in it where it wants them and no file says them; its own port on this machine by default. */
  questdbUrl: url(['http']).optional(),
  /** Holds the password of QuestDB's user, `hindcast` where the URL names none; the one that set-up made, in `secrets` of HINDCAST_HOME, by default. */
  questdbPasswordFile: z.string().min(1).optional().describe('a file'),
  /** Redis, with the password in it where it wants one and no file says it; its own port on this machine by default. */
  redisUrl: url(['redis', 'rediss']).optional(),
  /** Holds the password of Redis; the one that set-up made, in `secrets` of HINDCAST_HOME, by default. */
  redisPasswordFile: z.string().min(1).optional().describe('a file'),
  /** An OTLP collector over HTTP, as http://127.0.0.1:4318, that gets a trace of each batch; off where neither this nor OTEL_EXPORTER_OTLP_ENDPOINT is set. */
  otlpUrl: url(['http', 'https']).optional(),
  /** One batch in so many is traced. */
  traceOneIn: wholeNumber({ min: 1, max: 1_000_000 }).default(1),
  /** One address that answers for every service, as the process of `npm start` does, for those who call it; those of single services below go before it. */
  url: url(['http', 'https']).optional(),
  /** tick-ingest over HTTP, for those who call it. */
  tickIngestUrl: url(['http', 'https']).optional(),
  /** market-physics over HTTP, for those who call it. */
  marketPhysicsUrl: url(['http', 'https']).optional(),
  /** market-data over HTTP, for those who call it. */
  marketDataUrl: url(['http', 'https']).optional(),
  /** state-broadcaster over HTTP and WebSocket, for those who call it. */
  stateBroadcasterUrl: url(['http', 'https']).optional(),
} satisfies z.ZodRawShape;

export interface BaseConfig extends DoorLimits {
  /** Absolute; a relative HINDCAST_HOME is taken from the project's root. */
  readonly home: string;
  readonly portOffset: number;
  readonly logLevel: (typeof logLevels)[number];
  readonly bind: string;
  readonly container: boolean;
  /** Absolute. */
  readonly apiKeys?: string | undefined;
  /** As it was given, or as the file says that was given. */
  readonly apiKey?: string | undefined;
  /** Absolute, both or none. */
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  readonly tlsCaFile?: string | undefined;
  readonly bodyBytesMax?: number | undefined;
  readonly cache: string;
  /** Undefined where tracing is off. */
  readonly otlpUrl?: string | undefined;
  readonly traceOneIn: number;
  /** With user and password, for whoever connects; never to be logged or shown. */
  readonly questdbUrl: string;
  /** Likewise. */
  readonly redisUrl: string;
  /** Where the other services answer, HTTP. */
  readonly tickIngestUrl: string;
  /** `host:port` of its gRPC door: on the same host, at the port that the table says. */
  readonly tickIngestGrpc: string;
  /** Whether that door speaks TLS: as its HTTP door does. */
  readonly tickIngestGrpcTls: boolean;
  readonly marketPhysicsUrl: string;
  readonly marketDataUrl: string;
  readonly stateBroadcasterUrl: string;
  /** Where a process that holds every service answers, HTTP. */
  readonly standaloneUrl: string;
  /** Whether the environment says where services answer; else it is where they do on this machine. */
  readonly namesServices: boolean;
  readonly ports: PortTable;
}

export type Config<S extends z.ZodRawShape> = Readonly<BaseConfig & z.infer<z.ZodObject<S>>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment once: the fields that every service has, and the app's own. The result is frozen; a bad
 * environment throws one CONFIG_INVALID that lists every bad variable. An empty variable counts as absent.
 */
export function loadConfig<S extends z.ZodRawShape>(shape: S, env: Environment = process.env): Config<S> {
  const schema = z.object({ ...baseShape, ...shape });
  const input = Object.fromEntries(Object.keys(schema.shape).map((field) => [field, env[variableName(field)] || undefined]));
  const parsed = schema.safeParse(input);
  const faults = [
    ...(parsed.success ? [] : fieldFaults(parsed.error, schema, input)),
    ...openBindFaults(input),
    ...halfTlsFaults(input),
    ...passwordFaults(input),
    ...ownKeyFaults(input),
  ];
  if (!parsed.success || faults.length > 0) throw invalid(faults);
  return Object.freeze(completed(parsed.data as z.infer<z.ZodObject<typeof baseShape>>, env)) as Config<S>;
}

/** `questdbUrl` -> `HINDCAST_QUESTDB_URL` */
export function variableName(field: string): string {
  return `HINDCAST_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function completed(own: z.infer<z.ZodObject<typeof baseShape>>, env: Environment): BaseConfig {
  const ports = portTable(own.portOffset);
  // Where this machine's doors, or the authority behind them, have a certificate, they are asked for it.
  const scheme = own.tlsCertFile === undefined && own.tlsCaFile === undefined ? 'http' : 'https';
  const host = inUrl(isWildcard(own.bind) ? '127.0.0.1' : own.bind);
  const here = (port: number): string => `${scheme}://${host}:${port}`;
  const cacheHome = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const home = resolve(projectRoot, own.home);
  return {
    ...own,
    home,
    apiKeys: absolute(own.apiKeys),
    apiKey: own.apiKeyFile === undefined ? own.apiKey : readOwnKey(resolve(projectRoot, own.apiKeyFile)),
    tlsCertFile: absolute(own.tlsCertFile),
    tlsKeyFile: absolute(own.tlsKeyFile),
    tlsCaFile: absolute(own.tlsCaFile),
    otlpUrl: own.otlpUrl ?? (env['OTEL_EXPORTER_OTLP_ENDPOINT']?.replace(/\/$/, '') || undefined),
    cache: own.cache === undefined ? join(cacheHome, 'hindcast') : resolve(projectRoot, own.cache),
    questdbUrl: accessUrl({
      server: 'questdb',
      url: own.questdbUrl,
      ownUrl: `http://127.0.0.1:${ports.questdbHttp}`,
      passwordFile: absolute(own.questdbPasswordFile),
      home,
    }),
    redisUrl: accessUrl({
      server: 'redis',
      url: own.redisUrl,
      ownUrl: `redis://127.0.0.1:${ports.redis}`,
      passwordFile: absolute(own.redisPasswordFile),
      home,
    }),
    ...serviceUrls(own, ports, here),
    standaloneUrl: here(ports.standaloneHttp),
    namesServices: serviceUrlFields.some((field) => own[field] !== undefined),
    ports,
  };
}

const serviceUrlFields = ['url', 'tickIngestUrl', 'marketPhysicsUrl', 'marketDataUrl', 'stateBroadcasterUrl'] as const;

type GivenUrls = { readonly [Field in (typeof serviceUrlFields)[number]]?: string | undefined };

/** A service's own URL, else the one of a process that holds every service, else where it is on this machine. */
function serviceUrls(given: GivenUrls, ports: PortTable, here: (port: number) => string) {
  const urlOf = (own: string | undefined, port: number): string => own ?? given.url ?? here(port);
  const tickIngestUrl = urlOf(given.tickIngestUrl, ports.tickIngestHttp);
  const grpcPort = given.tickIngestUrl === undefined && given.url !== undefined ? ports.standaloneGrpc : ports.tickIngestGrpc;
  return {
    tickIngestUrl,
    tickIngestGrpcTls: tickIngestUrl.startsWith('https:'),
    tickIngestGrpc: `${new URL(tickIngestUrl).hostname}:${grpcPort}`,
    marketPhysicsUrl: urlOf(given.marketPhysicsUrl, ports.marketPhysicsHttp),
    marketDataUrl: urlOf(given.marketDataUrl, ports.marketDataHttp),
    stateBroadcasterUrl: urlOf(given.stateBroadcasterUrl, ports.stateBroadcasterHttp),
  };
}

/** As a caller of a process that holds every service has it. */
export function inOneProcess<C extends BaseConfig>(config: C, url: string): C {
  return { ...config, ...serviceUrls({ url }, config.ports, () => url) };
}

/** An address that stands for all of this machine's; the loopback is one of them. */
function isWildcard(bind: string): boolean {
  const url = `http://${inUrl(bind)}`;
  return URL.canParse(url) && ['0.0.0.0', '[::]'].includes(new URL(url).hostname);
}

/** One field's value depends on another's: beyond the loopback somebody has to ask who is there. */
function openBindFaults({ bind, container, apiKeys }: Readonly<Record<string, string | undefined>>): readonly FieldFault[] {
  if (bind === undefined || loopbackAddress.test(bind) || apiKeys !== undefined) return [];
  if (flag().safeParse(container).data === true) return [];
  const allowed =
    'beyond the loopback (127.0.0.1, ::1, localhost) it needs HINDCAST_API_KEYS, a key file that `hindcast keys new` makes, ' +
    'or HINDCAST_CONTAINER=true in a container whose ports are published on the loopback only';
  return [{ field: 'bind', value: bind, allowed }];
}

/** A certificate is of no use without its key, nor a key without its certificate. */
function halfTlsFaults({ tlsCertFile, tlsKeyFile }: Readonly<Record<string, string | undefined>>): readonly FieldFault[] {
  if ((tlsCertFile === undefined) === (tlsKeyFile === undefined)) return [];
  const field = tlsCertFile === undefined ? 'tlsCertFile' : 'tlsKeyFile';
  return [{ field, value: undefined, allowed: 'HINDCAST_TLS_CERT_FILE and HINDCAST_TLS_KEY_FILE are set together' }];
}

function passwordFaults(input: Readonly<Record<string, string | undefined>>): readonly FieldFault[] {
  return (['questdb', 'redis'] as const).flatMap((server) => {
    const field = `${server}PasswordFile`;
    const value = input[field];
    if (value === undefined) return [];
    if (hasPassword(input[`${server}Url`])) {
      return [{ field, value, allowed: `absent, because ${variableName(`${server}Url`)} has a password in it` }];
    }
    return isPasswordFile(resolve(projectRoot, value)) ? [] : [{ field, value, allowed: passwordFileAllowed }];
  });
}

/** Two keys of which one is ignored would be looked for in the wrong place for a long time. */
function ownKeyFaults({ apiKey, apiKeyFile: value }: Readonly<Record<string, string | undefined>>): readonly FieldFault[] {
  const field = 'apiKeyFile';
  if (value === undefined) return [];
  if (apiKey !== undefined) return [{ field, value, allowed: `absent, because ${variableName('apiKey')} has a key already` }];
  return isOwnKeyFile(resolve(projectRoot, value)) ? [] : [{ field, value, allowed: ownKeyFileAllowed }];
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(projectRoot, path);
}

function invalid(faults: readonly FieldFault[]): HindcastError {
  const lines = faults.map((fault) => describeFault({ ...fault, field: variableName(fault.field), value: withoutSecrets(fault) }));
  return new HindcastError('CONFIG_INVALID', lines.join('; '), { details: { variables: faults.map(({ field }) => variableName(field)) } });
}

const secretName = /(?:password|secret|token|credential)(?!File$)|(?:^|[a-z])key$/i;
const urlCredentials = /\/\/[^/@]*@/;

/** A value may be shown unless its name says secret; the user and password of a URL never. */
function withoutSecrets({ field, value }: FieldFault): unknown {
  if (typeof value !== 'string') return value;
  return secretName.test(field) ? '***' : value.replace(urlCredentials, '//***@');
}
