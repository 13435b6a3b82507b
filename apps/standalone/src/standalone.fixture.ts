import { once } from 'node:events';
import { emptyQuotes, tradeColumns, type TickBatch, type TradeFields } from '@hindcast/market';
import { FolderHere } from '@hindcast/market-physics';
import { startService, type RunningService } from '@hindcast/service-kit';
import { HashEmbedder, seededRandom } from '@hindcast/testing';
import { WebSocket } from 'ws';
import { readConfig } from './config.js';
import type { Openers } from './embedded-stores.js';
import { standalone } from './standalone.js';
import { duckDbHere } from './store/duckdb-here.fixture.js';

const beginsMs = Date.parse('2013-10-07T13:30:00Z');
const secondMs = 1_000;
/** Who gave the ids, whichever door they came through. */
const source = 'test';

/** One trade of SPY a second, at prices that wander. */
export function wanderingTrades(seconds: number): readonly TradeFields[] {
  const random = seededRandom(7);
  let price = 168;
  return Array.from({ length: seconds }, (_, second): TradeFields => {
    price *= 1 + (random() - 0.5) / 1_000;
    return {
      timeUs: (beginsMs + second * secondMs) * 1_000,
      symbol: 'SPY',
      market: 'usa/equity',
      exchange: 'P',
      id: String(second),
      conditions: '',
      price,
      size: 1 + Math.floor(random() * 100),
      side: 0,
      position: second,
    };
  });
}

/** The moment `seconds` after the first trade, as answers have it. */
export function momentAt(seconds: number): string {
  return new Date(beginsMs + seconds * secondMs).toISOString().replace('.000Z', 'Z');
}

/** As `POST /v1/trades` takes them. */
export function bodyOf(trades: readonly TradeFields[]) {
  const rows = trades.map(({ timeUs, symbol, exchange, id, price, size }) => ({
    timestamp: timeUs,
    symbol,
    exchange,
    trade_id: id,
    price,
    size,
  }));
  return { source, trades: rows };
}

/** As gRPC's `Push` takes them. */
export function batchOf(trades: readonly TradeFields[]): TickBatch {
  const origin = { source, receivedAtUs: beginsMs * 1_000 };
  const rows = trades.map((trade, position) => ({ ...trade, position }));
  return { ...origin, slackUs: 0, marks: [], rejected: [], quotes: emptyQuotes, trades: tradeColumns(rows, origin) };
}

/** All services on free ports, on stores in this folder. */
export function startStandalone(
  home: string,
  openers: Partial<Openers> = {},
  variables: Readonly<Record<string, string>> = {},
): Promise<RunningService> {
  const env = {
    HINDCAST_HOME: home,
    HINDCAST_LOG_LEVEL: 'silent',
    HINDCAST_CHECKPOINT_INTERVAL_MS: '50',
    HINDCAST_EMBED_INTERVAL_MS: '10000',
    ...variables,
  };
  return startService({
    ...standalone({ ticks: duckDbHere, embedder: async () => new HashEmbedder(), folder: () => new FolderHere(), ...openers }),
    config: () => readConfig(env),
    httpPort: () => 0,
    grpcPort: () => 0,
  });
}

interface StreamMessage {
  readonly event: string;
  readonly timestamp?: string;
  readonly states?: readonly { readonly symbol: string; readonly timestamp: string }[];
}

/** A subscriber of `/v1/stream` that remembers what it was sent. */
export class Subscriber {
  readonly messages: StreamMessage[] = [];
  private wake: () => void = () => undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.messages.push(JSON.parse(data.toString()) as StreamMessage);
      this.wake();
    });
  }

  static async to({ url }: RunningService, symbols: readonly string[], query = ''): Promise<Subscriber> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream${query}`);
    const subscriber = new Subscriber(socket);
    await once(socket, 'open');
    socket.send(JSON.stringify({ action: 'subscribe', symbols }));
    return subscriber;
  }

  async until(condition: (messages: readonly StreamMessage[]) => boolean): Promise<void> {
    while (!condition(this.messages)) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  close(): void {
    this.socket.terminate();
  }
}
