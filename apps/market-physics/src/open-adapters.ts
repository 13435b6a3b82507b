import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisBus } from '@hindcast/bus-redis';
import { HindcastError } from '@hindcast/contracts';
import { MiniLmEmbedder } from '@hindcast/embedder-minilm';
import { GrpcLogFollower } from '@hindcast/log-grpc';
import type { Clock, Embedder } from '@hindcast/ports';
import { LanceDirectory, LanceMomentStore, LanceVectorStore } from '@hindcast/store-lance';
import { QuestDbTickStore } from '@hindcast/store-questdb';
import type { Adapters } from './adapters.js';
import { LmdbCheckpoint } from './checkpoint-lmdb.js';
import type { MarketPhysicsConfig } from './config.js';
import { ThreadedFolder } from './memory/threaded-folder.js';

/** What needs no server, and so is the same in a stack and without one. */
type EmbeddedAdapters = Pick<Adapters, 'checkpoint' | 'vectors' | 'moments' | 'openFolder' | 'embedder' | 'close'>;

/** The servers of a stack. They may be away: each adapter connects when it is used, and says so when it cannot. */
export async function openAdapters(config: MarketPhysicsConfig, clock: Clock): Promise<Adapters> {
  const embedded = await openEmbedded(config, clock);
  const log = new GrpcLogFollower({ url: config.tickIngestGrpc, tls: config.tickIngestGrpcTls, apiKey: config.apiKey });
  const store = new QuestDbTickStore({ url: config.questdbUrl });
  const bus = await RedisBus.open({ url: config.redisUrl, name: 'market-physics' });
  const close = async (): Promise<void> => {
    log.close();
    await Promise.all([embedded.close(), bus.close(), store.close()]);
  };
  return { ...embedded, log, store, bus, clock, close };
}

/** Undefined where no model is installed. */
export type OpenEmbedder = (config: MarketPhysicsConfig) => Promise<Embedder | undefined>;
export type OpenFolder = Adapters['openFolder'];

/** What a test has its own of. */
export interface EmbeddedOpeners {
  readonly embedder?: OpenEmbedder | undefined;
  readonly folder?: OpenFolder | undefined;
}

/** Checkpoint, vectors, memories and model, on this machine's disk, and threads for what takes long. */
export async function openEmbedded(
  config: MarketPhysicsConfig,
  clock: Clock,
  { embedder: openEmbedder = openMiniLm, folder: openFolder = () => new ThreadedFolder() }: EmbeddedOpeners = {},
): Promise<EmbeddedAdapters> {
  const folder = join(config.home, 'market-physics');
  await mkdir(folder, { recursive: true });
  const checkpoint = new LmdbCheckpoint(join(folder, 'checkpoint'));
  const lance = await LanceDirectory.open({ uri: join(config.home, 'lancedb'), clock });
  const vectors = await LanceVectorStore.open(lance);
  const moments = await LanceMomentStore.open(lance);
  const embedder = await openEmbedder(config);
  const close = async (): Promise<void> => {
    await Promise.all([embedder?.close(), vectors.close(), moments.close(), checkpoint.close()]);
    lance.close();
  };
  return { checkpoint, vectors, moments, openFolder, embedder, close };
}

async function openMiniLm({ cache, embedderThreads }: MarketPhysicsConfig): Promise<Embedder | undefined> {
  try {
    // It loads while the rest of the service starts: the first vector is due in a minute, the first state at once.
    return await MiniLmEmbedder.begin({ modelDirectory: join(cache, 'minilm-int8'), threads: embedderThreads });
  } catch (error) {
    // The rest of the service needs no model; health and search say what to do.
    if (error instanceof HindcastError && error.code === 'MODEL_MISSING') return undefined;
    throw error;
  }
}
