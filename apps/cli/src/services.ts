import type {
  AgentStateDto,
  FeedFacts,
  FeedsFacts,
  FollowersFacts,
  LedgerDto,
  LedgerVerification,
  MemoriesDto,
  MemoryJobDto,
  MonitoringReport,
  ReplayReport,
  SimilarAnswer,
  SimilarRequest,
  SkillDto,
  SqlAnswerDto,
  SqlRequestDto,
  TradeSignal,
} from '@hindcast/contracts';
import { ServiceClient, type BaseConfig } from '@hindcast/service-kit/caller';
import type { Terminal } from './terminal.js';
import { runningConfig } from './which-runs.js';

/** `GET /v1/progress` of market-physics. */
export interface PhysicsProgress {
  readonly stream_id: string | null;
  readonly checkpoint_number: number;
  readonly head_number: number;
  readonly states: number;
  readonly embedding_queue: number;
}

export interface RebuildRequest {
  readonly mode: 'live' | 'hindsight';
  readonly from: string;
  readonly to: string;
  readonly symbols?: readonly string[];
}

export interface RebuildReport {
  readonly id: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly progress: number;
  readonly states: number;
  readonly error?: string;
}

export interface RetryReport {
  readonly retried: number;
  readonly stored: number;
  readonly still_refused: number;
}

export interface ResendReport {
  readonly batches: number;
  readonly rows: number;
}

export interface ForgottenFollower {
  readonly follower: string;
}

export interface RemovedFeed {
  readonly feed: string;
}

/** The calls that commands make. Answers of our own services are taken at their word: they share our contracts. */
export interface Services {
  /** What tick-ingest's clock says. */
  ingestTime(): Promise<string>;
  ledger(): Promise<LedgerDto>;
  verifyLedger(): Promise<LedgerVerification>;
  retryQuarantined(): Promise<RetryReport>;
  resendLog(): Promise<ResendReport>;
  followers(): Promise<FollowersFacts>;
  forgetFollower(name: string): Promise<ForgottenFollower>;
  feeds(): Promise<FeedsFacts>;
  addFeed(feed: object): Promise<FeedFacts>;
  controlFeed(name: string, action: 'start' | 'stop'): Promise<FeedFacts>;
  removeFeed(name: string): Promise<RemovedFeed>;
  physicsProgress(): Promise<PhysicsProgress>;
  startRebuild(request: RebuildRequest): Promise<RebuildReport>;
  rebuild(id: string): Promise<RebuildReport>;
  memories(): Promise<MemoriesDto>;
  fitMemory(request: object): Promise<MemoryJobDto>;
  buildMemory(request: object): Promise<MemoryJobDto>;
  memoryJob(id: string): Promise<MemoryJobDto>;
  cancelMemoryJob(id: string): Promise<MemoryJobDto>;
  useMemory(id: string): Promise<MemoriesDto>;
  dropMemory(id: string): Promise<MemoriesDto>;
  similar(request: SimilarRequest): Promise<SimilarAnswer>;
  /** Of the memory in use where none is named. */
  skill(memory: string | undefined): Promise<SkillDto>;
  sql(request: SqlRequestDto, signal: AbortSignal): Promise<SqlAnswerDto>;
  startReplay(request: object): Promise<ReplayReport>;
  /** `move` as the last part of its path: pause, resume, step, seek or speed. */
  moveReplay(id: string, move: string, body?: object): Promise<ReplayReport>;
  removeReplay(id: string): Promise<ReplayReport>;
  publishSignal(signal: object): Promise<TradeSignal>;
  agentState(id: string): Promise<AgentStateDto>;
  putAgentState(id: string, state: unknown): Promise<AgentStateDto>;
}

/** Counting every cell in the store, or comparing with every vector, may take as long. */
const longDeadlineMs = 300_000;

export function openServices({ tickIngestUrl, marketPhysicsUrl, marketDataUrl, stateBroadcasterUrl, apiKey }: BaseConfig): Services {
  const ingest = new ServiceClient({ name: 'tick-ingest', baseUrl: tickIngestUrl, apiKey });
  const slowIngest = new ServiceClient({ name: 'tick-ingest', baseUrl: tickIngestUrl, apiKey, deadlineMs: longDeadlineMs });
  const physics = new ServiceClient({ name: 'market-physics', baseUrl: marketPhysicsUrl, apiKey });
  const slowPhysics = new ServiceClient({ name: 'market-physics', baseUrl: marketPhysicsUrl, apiKey, deadlineMs: longDeadlineMs });
  const slowReader = new ServiceClient({ name: 'market-data', baseUrl: marketDataUrl, apiKey, deadlineMs: longDeadlineMs });
  const broadcaster = new ServiceClient({ name: 'state-broadcaster', baseUrl: stateBroadcasterUrl, apiKey });
  return {
    ingestTime: async () => (await slowIngest.get('/v1/monitoring', { parse: as<MonitoringReport> })).time,
    ledger: () => ingest.get('/v1/ledger', { parse: as<LedgerDto> }),
    verifyLedger: () => slowIngest.post('/v1/ledger/verify', { parse: as<LedgerVerification> }),
    resendLog: () => slowIngest.post('/v1/ledger/resend', { parse: as<ResendReport> }),
    retryQuarantined: () => slowIngest.post('/v1/ledger/retry', { parse: as<RetryReport> }),
    followers: () => ingest.get('/v1/followers', { parse: as<FollowersFacts> }),
    forgetFollower: (name) => ingest.delete(`/v1/followers/${encodeURIComponent(name)}`, { parse: as<ForgottenFollower> }),
    feeds: () => ingest.get('/v1/feeds', { parse: as<FeedsFacts> }),
    addFeed: (body) => ingest.post('/v1/feeds', { body, parse: as<FeedFacts> }),
    controlFeed: (name, action) => slowIngest.post(`${feedPath(name)}/${action}`, { parse: as<FeedFacts> }),
    removeFeed: (name) => slowIngest.delete(feedPath(name), { parse: as<RemovedFeed> }),
    physicsProgress: () => physics.get('/v1/progress', { parse: as<PhysicsProgress> }),
    startRebuild: (body) => physics.post('/v1/rebuilds', { body, parse: as<RebuildReport> }),
    rebuild: (id) => physics.get(`/v1/rebuilds/${encodeURIComponent(id)}`, { parse: as<RebuildReport> }),
    memories: () => slowPhysics.get('/v1/memory', { parse: as<MemoriesDto> }),
    fitMemory: (body) => physics.post('/v1/memory/fits', { body, parse: as<MemoryJobDto> }),
    buildMemory: (body) => physics.post('/v1/memory/builds', { body, parse: as<MemoryJobDto> }),
    memoryJob: (id) => physics.get(`/v1/memory/jobs/${encodeURIComponent(id)}`, { parse: as<MemoryJobDto> }),
    cancelMemoryJob: (id) => slowPhysics.delete(`/v1/memory/jobs/${encodeURIComponent(id)}`, { parse: as<MemoryJobDto> }),
    useMemory: (memory) => slowPhysics.put('/v1/memory/in-use', { body: { memory }, parse: as<MemoriesDto> }),
    dropMemory: (id) => slowPhysics.delete(`/v1/memory/${encodeURIComponent(id)}`, { parse: as<MemoriesDto> }),
    skill: (memory) =>
      physics.get(`/v1/skill${memory === undefined ? '' : `?memory=${encodeURIComponent(memory)}`}`, { parse: as<SkillDto> }),
    similar: (body) => slowPhysics.post('/v1/similar', { body, parse: as<SimilarAnswer> }),
    sql: (body, signal) => slowReader.post('/v1/sql', { body, signal, parse: as<SqlAnswerDto> }),
    startReplay: (body) => slowPhysics.post('/v1/replays', { body, parse: as<ReplayReport> }),
    moveReplay: (id, move, body = {}) => slowPhysics.post(`${replayPath(id)}/${move}`, { body, parse: as<ReplayReport> }),
    removeReplay: (id) => physics.delete(replayPath(id), { parse: as<ReplayReport> }),
    publishSignal: (body) => broadcaster.post('/v1/signals', { body, parse: as<TradeSignal> }),
    agentState: (id) => broadcaster.get(agentPath(id), { parse: as<AgentStateDto> }),
    putAgentState: (id, body) => broadcaster.put(agentPath(id), { body, parse: as<AgentStateDto> }),
  };
}

function feedPath(name: string): string {
  return `/v1/feeds/${encodeURIComponent(name)}`;
}

function agentPath(id: string): string {
  return `/v1/agents/${encodeURIComponent(id)}/state`;
}

function replayPath(id: string): string {
  return `/v1/replays/${encodeURIComponent(id)}`;
}

function as<Answer>(body: unknown): Answer {
  return body as Answer;
}

/** Of whichever runs. UPSTREAM_AWAY where nothing does. */
export async function findServices(terminal: Pick<Terminal, 'note'>): Promise<Services> {
  return openServices(await runningConfig(terminal));
}
