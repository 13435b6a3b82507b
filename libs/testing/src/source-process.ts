import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Starts a TypeScript source of ours as a process of its own, on the sources of every library. */
export function startSource(source: URL, args: readonly string[]): ChildProcessWithoutNullStreams {
  const register = new URL('./register-sources.mjs', import.meta.url).href;
  const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning', '--conditions=@hindcast/source', '--import', register];
  return spawn(process.execPath, [...flags, fileURLToPath(source), ...args], { stdio: 'pipe', env: {} });
}
