import { MemoryBus } from '@hindcast/bus-memory';
import type { RunningService } from '@hindcast/service-kit';
import { FakeMarketPhysics, startBroadcasterService, StreamClient } from './stream.fixture.js';

const testMs = 120_000;
const framesAtOnce = 1_000;

const physics = new FakeMarketPhysics();
let service: RunningService;

beforeAll(async () => {
  await physics.start();
  service = await startBroadcasterService(
    {
      HINDCAST_MARKET_PHYSICS_URL: physics.url,
      HINDCAST_BROADCAST_SLOW_BYTES: '1024',
      // Silence is another test's subject.
      HINDCAST_BROADCAST_HEARTBEAT_MS: '600000',
    },
    new MemoryBus(),
  );
});
afterAll(async () => {
  await service.stop();
  await physics.stop();
});

async function subscribers(): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(/^hindcast_broadcast_websocket_clients\{[^}]*\} (\S+)$/m.exec(text)?.[1]);
}

it.each([
  ['empty binary messages', (client: StreamClient) => client.socket.send(Buffer.alloc(0))],
  ['pings', (client: StreamClient) => client.socket.ping(Buffer.alloc(125))],
])(
  'who reads nothing and sends %s is cut off',
  async (_, send) => {
    const client = await StreamClient.connect(service.url);
    client.socket.on('error', () => undefined);
    expect(await subscribers()).toBe(1);
    client.socket.pause();
    while ((await subscribers()) === 1) {
      for (let frame = 0; frame < framesAtOnce && client.socket.readyState === client.socket.OPEN; frame += 1) send(client);
    }
    expect(await subscribers()).toBe(0);
    client.socket.terminate();
  },
  testMs,
);
