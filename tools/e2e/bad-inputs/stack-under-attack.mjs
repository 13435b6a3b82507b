import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { services } from '../../stack/services.mjs';
import { HindcastUnderTest, until } from '../hindcast-under-test.mjs';

/** What a service may hold after all; an attack that is paid for by the byte it sends stays far below. */
const residentBytesMax = 1_200 * 1024 * 1024;
/** Of those whose patience is tested. */
const variables = {
  HINDCAST_REQUEST_TIMEOUT_MS: '10000',
  HINDCAST_HEADERS_TIMEOUT_MS: '5000',
  HINDCAST_REQUESTS_PER_SECOND_MAX: '1000000',
};

const good = { source: 'good', trades: [{ timestamp: '2013-10-07T16:00:00Z', symbol: 'SPY', trade_id: 'good', price: 100, size: 1 }] };

/** A running stack with one good trade in it, and what must hold of it whatever is sent. */
export class StackUnderAttack {
  /** 256 MiB, packed to some hundred kilobytes. */
  bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));

  constructor(stack) {
    this.stack = stack;
    this.urls = stack.urls;
    const addressOf = (name) => `127.0.0.1:${services.find((service) => service.name === name).grpcPort + stack.settings.portOffset}`;
    this.grpc = {
      tickIngest: addressOf('tick-ingest'),
      marketPhysics: addressOf('market-physics'),
      stateBroadcaster: addressOf('state-broadcaster'),
      marketData: addressOf('market-data'),
    };
    this.broadcaster = new URL(stack.urls.stream).origin;
  }

  static async start() {
    const stack = await HindcastUnderTest.create(variables);
    await stack.startDetached();
    const world = new StackUnderAttack(stack);
    await world.pushGood();
    await until('the good trade to be stored', async () => (await world.ledger()).totals.trades.pending === 0);
    return world;
  }

  dispose() {
    return this.stack.dispose();
  }

  async pushGood() {
    const response = await fetch(`${this.urls.tickIngest}/v1/trades`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(good),
    });
    return response.json();
  }

  async ledger() {
    return (await fetch(`${this.urls.tickIngest}/v1/ledger`)).json();
  }

  /** Resident bytes of each service, where the system tells. */
  async memory() {
    const sizes = await Promise.all(
      services.map(async ({ name }) => {
        const { pid } = await this.stack.running(name);
        return [name, residentBytes(pid)];
      }),
    );
    return Object.fromEntries(sizes);
  }

  /** Throws where a service has died, grown or kept something that it should not have. */
  async mustBeUnharmed() {
    const pids = await this.#pids();
    this.pids ??= pids;
    if (JSON.stringify(pids) !== JSON.stringify(this.pids))
      throw new Error(`a service has died: ${JSON.stringify({ before: this.pids, now: pids })}`);
    for (const { name } of services) if (!(await this.stack.answers(name))) throw new Error(`${name} does not answer`);
    for (const [name, bytes] of Object.entries(await this.memory())) {
      if (bytes > residentBytesMax) throw new Error(`${name} holds ${Math.round(bytes / 1e6)} MB`);
    }
    const { balanced, totals } = await this.ledger();
    const kept = (table) => totals[table].stored + totals[table].pending + totals[table].quarantined;
    if (!balanced || kept('trades') !== 1 || kept('quotes') !== 0)
      throw new Error(`the ledger has ${JSON.stringify({ balanced, totals })}`);
  }

  async #pids() {
    return Object.fromEntries(await Promise.all(services.map(async ({ name }) => [name, (await this.stack.running(name)).pid])));
  }
}

function residentBytes(pid) {
  try {
    return 1_024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    // Not every system has it.
    return 0;
  }
}
