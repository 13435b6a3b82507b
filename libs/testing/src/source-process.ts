import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface SourceProcessOptions {
  readonly args: readonly string[];
  /** No file that it writes can grow beyond: a disk that fills up, without one. */
  readonly fileKibibytesMax?: number;
}

const sourceFlags = [
  '--experimental-transform-types',
  '--disable-warning=ExperimentalWarning',
  '--conditions=@hindcast/source',
  '--import',
  new URL('./register-sources.mjs', import.meta.url).href,
];

/** What a worker thread has to be started with, so that it runs a TypeScript source of ours on the sources of every library. */
export function sourceThread(url: URL): { readonly url: URL; readonly execArgv: readonly string[] } {
  return { url, execArgv: sourceFlags };
}

/** Starts a TypeScript source of ours as a process of its own, on the sources of every library. */
export function startSource(source: URL, { args, fileKibibytesMax }: SourceProcessOptions): ChildProcessWithoutNullStreams {
  const command = [process.execPath, ...sourceFlags, fileURLToPath(source), ...args];
  const limited = `trap '' XFSZ; ulimit -f ${fileKibibytesMax ?? 0}; exec "$@"`;
  const [program, ...rest] = fileKibibytesMax === undefined ? command : ['bash', '-c', limited, 'bash', ...command];
  return spawn(program, rest, { stdio: 'pipe', env: {} });
}
