import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LaunchedServer } from '../../../../tools/servers/index.mjs';

/** A real server with a folder and ports of its own, for one file of tests. */
export interface LocalServer {
  readonly url: string;
  readonly dir: string;
  readonly pid: number;
  /** Ends it and removes its folder, after a kill too. */
  stop(): Promise<void>;
  /** SIGKILL: what is in its memory is gone. Its folder and ports are kept. */
  kill(): Promise<void>;
  /** Ends it in order where it still runs, and starts it again on the same folder and ports. */
  restart(): Promise<void>;
}

/** Somebody else may take a port between its choice and its use; then another one is tried. */
const launchAttemptsMax = 3;

/**
 * Launches a server in a new temporary folder. `launch` is called with the folder and ports; on a restart, with the
 * same ones.
 */
export async function startLocalServer<Ports>(options: {
  readonly name: string;
  readonly choosePorts: () => Promise<Ports>;
  readonly launch: (place: { readonly dir: string; readonly ports: Ports }) => Promise<LaunchedServer>;
}): Promise<LocalServer> {
  const { name, choosePorts, launch } = options;
  const dir = await mkdtemp(join(tmpdir(), `hindcast-${name}-`));
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true, maxRetries: 3 });
  const first = await launchOnFreePorts(async () => {
    const place = { dir, ports: await choosePorts() };
    return { place, server: await launch(place) };
  }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  let { server } = first;
  let running = true;
  return {
    url: server.url,
    dir,
    get pid() {
      return server.pid;
    },
    async stop() {
      running = false;
      await server.stop();
      await remove();
    },
    async kill() {
      running = false;
      await server.kill();
    },
    async restart() {
      if (running) await server.stop();
      server = await launch(first.place);
      running = true;
    },
  };
}

async function launchOnFreePorts<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === launchAttemptsMax || !/address.*in use|could not bind|bind error/i.test(String(error))) throw error;
    }
  }
}
