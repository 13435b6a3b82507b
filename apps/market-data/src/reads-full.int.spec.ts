import { jest } from '@jest/globals';
import type { ErrorBody } from '@hindcast/contracts';
import { GRPC_DOOR, startService, type GrpcServer, type RunningService } from '@hindcast/service-kit';
import { GrpcCaller } from '@hindcast/testing';
import { AppModule } from './app.module.js';
import { onStore, RecordedStore, someTradeRows, summaryOf, testConfig } from './recorded.fixture.js';

/** A busy machine takes its time. */
jest.setTimeout(60_000);

const store = new RecordedStore();
store.tradeRows = someTradeRows(23);
store.summaries = [summaryOf('usa/equity', 'SPY')];

let service: RunningService;
let grpc: GrpcCaller;
beforeAll(async () => {
  service = await startService({
    name: 'market-data',
    config: () => ({ ...testConfig(), readsMax: 2 }),
    module: (config) => AppModule.with(config, onStore(store)),
    httpPort: () => 0,
  });
  const { port } = service.app.get<GrpcServer>(GRPC_DOOR);
  grpc = GrpcCaller.to({ proto: 'market_data.proto', service: 'hindcast.v1.MarketData', port });
});
afterAll(async () => {
  grpc.close();
  await service.stop();
});

const read = (signal?: AbortSignal): Promise<Response> =>
  fetch(`${service.url}/v1/trades?symbol=SPY&format=csv`, signal === undefined ? {} : { signal });

async function countOf(pieces: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _piece of pieces) count += 1;
  return count;
}

it('refuses a range while as many are read as may be, at every door, and takes it when one has ended or its reader left', async () => {
  const going = Promise.withResolvers<void>();
  store.beforePiece = (index) => (index < 1 ? Promise.resolve() : going.promise);
  const leaving = new AbortController();
  const open = [await read(), await read(leaving.signal)];
  expect(open.map(({ status }) => status)).toEqual([200, 200]);

  const refused = await read();
  const { error } = (await refused.json()) as ErrorBody;
  expect([refused.status, refused.headers.get('retry-after'), error.code, error.retry]).toEqual([429, '1', 'READS_FULL', true]);
  expect(await grpc.streamRefusal('Trades', { symbol: 'SPY' })).toMatchObject({ code: 'READS_FULL', status: 8 });

  leaving.abort();
  let next = await read();
  while (next.status === 429) {
    await next.arrayBuffer();
    next = await read();
  }
  going.resolve();
  const texts = await Promise.all([open[0].text(), next.text()]);
  expect(texts.map((text) => text.trim().split('\n').length)).toEqual([24, 24]);
  expect(await countOf(grpc.stream('Trades', { symbol: 'SPY' }))).toBeGreaterThan(0);
});
