import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface SourceProcessOptions {
  readonly args: readonly string[];
  /** No file that it writes can grow beyond: a disk that fills up, without one. */
  readonly fileKibibytesMax?: number;
}

/** Starts a TypeScript source of ours as a process of its own, on the sources of every library. */
export function startSource(source: URL, { args, fileKibibytesMax }: SourceProcessOptions): ChildProcessWithoutNullStreams {
  const register = new URL('./register-sources.mjs', import.meta.url).href;
  const flags = [
    '--experimental-transform-types',
    '--disable-warning=ExperimentalWarning',
    '--conditions=@hindcast/source',
    '--import',
    register,
  ];
  const command = [process.execPath, ...flags, fileURLToPath(source), ...args];
  const limited = `trap '' XFSZ; ulimit -f ${fileKibibytesMax ?? 0}; exec "$@"`;
  const [program, ...rest] = fileKibibytesMax === undefined ? command : ['bash', '-c', limited, 'bash', ...command];
  return spawn(program, rest, { stdio: 'pipe', env: {} });
}
