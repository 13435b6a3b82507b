/** The types of `index.mjs`: the set-up is plain JavaScript, because it runs before TypeScript is installed. */
export interface Missing {
  readonly missing: string;
}

export interface QuestDbInstallation {
  readonly java: string;
  readonly jar: string;
}

export interface RedisInstallation {
  readonly executable: string;
}

export interface LaunchedServer {
  /** With user and password in it, made for this server alone. */
  readonly url: string;
  readonly pid: number;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  stop(): Promise<'stopped' | 'killed'>;
  kill(): Promise<void>;
}

export interface QuestDbOptions {
  readonly dir: string;
  readonly ports: { readonly http: number; readonly pg: number; readonly min: number };
  readonly settings?: Readonly<Record<string, string>>;
  readonly heapMb?: number;
  readonly onLine?: (line: string) => void;
  readonly parentDeathSignal?: NodeJS.Signals;
}

export interface RedisOptions {
  readonly dir: string;
  readonly port: number;
  readonly args?: readonly string[];
  readonly onLine?: (line: string) => void;
  readonly parentDeathSignal?: NodeJS.Signals;
}

export const questDbVersion: string;
export function isPortFree(port: number): Promise<boolean>;
export function freePorts(count: number): Promise<number[]>;
export function findQuestDb(): QuestDbInstallation | Missing;
export function launchQuestDb(installation: QuestDbInstallation, options: QuestDbOptions): Promise<LaunchedServer>;
export function findRedis(): RedisInstallation | Missing;
export function launchRedis(installation: RedisInstallation, options: RedisOptions): Promise<LaunchedServer>;
export function askRedis(options: { readonly url: string; readonly command: string }): Promise<string>;
export function fetchQuestDb(url: string, path: string, init?: RequestInit): Promise<Response>;
