import { HindcastError } from '@hindcast/contracts';
import { Redis, type ChainableCommander } from 'ioredis';

export interface RedisConnectionOptions {
  readonly url: string;
  /** Shown by `CLIENT LIST`. */
  readonly name: string;
  /** How long an answer may take before the connection is given up and made anew. */
  readonly answerMaxMs: number;
  /** What may wait for answers; beyond it Redis counts as away. */
  readonly inFlightBytesMax: number;
}

const connectMaxMs = 2_000;
const reconnectFirstMs = 50;
const reconnectMaxMs = 2_000;
const keepAliveMs = 10_000;

/** One connection: nothing is queued while it is away, nothing is sent twice, no answer is waited for without end. */
export class RedisConnection {
  readonly client: Redis;
  private readonly settled: Promise<void>;
  private lastFailure: Error | undefined;
  private inFlightBytes = 0;

  constructor(private readonly options: RedisConnectionOptions) {
    this.client = new Redis(options.url, {
      connectionName: options.name,
      protocol: 2,
      connectTimeout: connectMaxMs,
      keepAlive: keepAliveMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: null,
      retryStrategy: (attempt) => Math.min(reconnectFirstMs * 2 ** Math.min(attempt, 10), reconnectMaxMs),
    });
    // Without a listener ioredis prints; the reason is told by whoever needs the connection.
    this.client.on('error', (error: Error) => {
      // The library's own error keeps the command that failed, and so the password.
      this.lastFailure = isDenial(error.message) ? new Error(error.message) : error;
    });
    this.settled = new Promise((resolve) => {
      this.client.once('ready', resolve);
      this.client.once('close', resolve);
    });
  }

  get ready(): boolean {
    return this.client.status === 'ready';
  }

  /** Resolves when the first attempt has either worked or failed. */
  attempted(): Promise<void> {
    return this.settled;
  }

  /** One round trip: the answers in the commands' order. `bytes` is about what the commands weigh. */
  async pipeline(bytes: number, fill: (pipeline: ChainableCommander) => void, mode: 'plain' | 'multi' = 'plain'): Promise<unknown[]> {
    const pipeline = mode === 'multi' ? this.client.multi() : this.client.pipeline();
    fill(pipeline);
    const replies = await this.bounded(bytes, () => pipeline.exec());
    return (replies ?? []).map(([error, reply]) => {
      if (error !== null) throw this.translated(error);
      return reply;
    });
  }

  /** One command. */
  async send<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    return this.bounded(0, () => command(this.client));
  }

  close(): void {
    this.client.disconnect();
  }

  private async bounded<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const { answerMaxMs, inFlightBytesMax } = this.options;
    if (!this.ready) throw this.unconnected();
    if (this.inFlightBytes + bytes > inFlightBytesMax) {
      throw this.away(`answers too slowly: ${this.inFlightBytes} bytes are under way, inFlightBytesMax is ${inFlightBytesMax}`);
    }
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(this.away(`did not answer in ${answerMaxMs} ms`));
        // Whatever waits on this connection fails with it; the next one starts clean.
        this.client.disconnect(true);
      }, answerMaxMs);
    });
    this.inFlightBytes += bytes;
    try {
      return await Promise.race([work(), overdue]);
    } catch (error) {
      throw this.translated(error);
    } finally {
      this.inFlightBytes -= bytes;
      clearTimeout(timer);
    }
  }

  /** A command that does not fit its key is a bug; every other failure is the world's. */
  private translated(error: unknown): unknown {
    if (error instanceof HindcastError) return error;
    const message = (error as Partial<Error> | undefined)?.message ?? String(error);
    if (isDenial(message)) return this.denied(message);
    return message.startsWith('WRONGTYPE') ? error : this.away(`failed: ${message}`, error);
  }

  private unconnected(): HindcastError {
    const { message } = this.lastFailure ?? {};
    return message !== undefined && isDenial(message) ? this.denied(message) : this.away('is not connected', this.lastFailure);
  }

  private denied(message: string): HindcastError {
    const { host, port } = this.client.options;
    const where = 'HINDCAST_REDIS_PASSWORD_FILE or HINDCAST_REDIS_URL says the password';
    return new HindcastError('BUS_DENIED', `Redis at ${host ?? ''}:${port ?? ''} refuses us (${message}): ${where}.`);
  }

  private away(reason: string, cause?: unknown): HindcastError {
    const { host, port } = this.client.options;
    return new HindcastError('BUS_AWAY', `Redis at ${host ?? ''}:${port ?? ''} ${reason}.`, { cause });
  }
}

/** In Redis' own words: a wrong password, none, or a user without the right. None of them repeats the password. */
function isDenial(message: string): boolean {
  return /^(?:WRONGPASS|NOAUTH|NOPERM)\b/.test(message);
}
