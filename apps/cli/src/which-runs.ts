import { connect } from 'node:net';
import { HindcastError } from '@hindcast/contracts';
import { inOneProcess, type BaseConfig } from '@hindcast/service-kit/caller';
import { loadCliConfig, type CliConfig } from './config.js';
import type { Terminal } from './terminal.js';

/** Whether somebody listens at a URL's host and port. */
export type Listens = (url: string) => Promise<boolean>;

/** Longer than this machine takes to say that a port has nobody. */
const connectMaxMs = 1_000;

/** The configuration of a command, with the URLs of whichever runs: the one process of `npm start`, or a stack. UPSTREAM_AWAY. */
export function runningConfig(terminal: Pick<Terminal, 'note'>): Promise<CliConfig> {
  return whichRuns(loadCliConfig(), { note: terminal.note, listens });
}

/**
 * What the environment says comes first: a URL, then HINDCAST_TARGET. Else the ports are asked, and where both answer it is
 * said which one is taken.
 */
export async function whichRuns<C extends BaseConfig & { readonly target?: CliConfig['target'] }>(
  config: C,
  { note, listens: isThere }: { readonly note: (text: string) => void; readonly listens: Listens },
): Promise<C> {
  if (config.namesServices || config.target === 'stack') return config;
  const standalone = inOneProcess(config, config.standaloneUrl);
  if (config.target === 'standalone') return standalone;
  const [standaloneRuns, ...stackRuns] = await Promise.all([config.standaloneUrl, ...stackUrls(config)].map(isThere));
  const aStackRuns = stackRuns.includes(true);
  if (!standaloneRuns && !aStackRuns) {
    const { standaloneHttp, tickIngestHttp, marketDataHttp } = config.ports;
    const ports = `${standaloneHttp} (the process of \`npm start\`) or on ${tickIngestHttp} to ${marketDataHttp} (a stack)`;
    throw new HindcastError('UPSTREAM_AWAY', `No Hindcast runs here: nobody listens on port ${ports}.`);
  }
  if (standaloneRuns && aStackRuns)
    note(`Both run here: asking the process of \`npm start\` at ${config.standaloneUrl}; HINDCAST_TARGET=stack asks the stack.`);
  return standaloneRuns ? standalone : config;
}

function stackUrls({ tickIngestUrl, marketPhysicsUrl, stateBroadcasterUrl, marketDataUrl }: BaseConfig): readonly string[] {
  return [tickIngestUrl, marketPhysicsUrl, stateBroadcasterUrl, marketDataUrl];
}

/** Only a refused connection says that nobody is there: one that is slow, or that we cannot talk to, says why when it is asked. */
export function listens(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(port || (protocol === 'https:' ? 443 : 80)), timeout: connectMaxMs });
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(true));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code !== 'ECONNREFUSED'));
  });
}
