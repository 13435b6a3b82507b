import { servedRoutes, startService, type RunningService } from '@hindcast/service-kit';
import { answerFaults, documentedRoutes, openApiOf, plainPaths } from '@hindcast/testing';
import { AppModule } from './app.module.js';
import {
  onStore,
  RecordedStore,
  someBarRows,
  someQuoteRows,
  someStateRows,
  someTradeRows,
  summaryOf,
  testConfig,
} from './recorded.fixture.js';

let service: RunningService;
beforeAll(async () => {
  const store = new RecordedStore();
  store.tradeRows = someTradeRows(23);
  store.quoteRows = someQuoteRows(10);
  store.barRows = someBarRows;
  store.stateRows = someStateRows;
  store.summaries = [summaryOf('usa/equity', 'SPY')];
  service = await startService({
    name: 'market-data',
    openApi: new URL('../openapi.json', import.meta.url),
    config: testConfig,
    module: (config) => AppModule.with(config, onStore(store)),
    httpPort: () => 0,
  });
});
afterAll(() => service.stop());

const ask = async (path: string, query = '') => {
  const response = await fetch(service.url + path + query);
  return { path, status: response.status, body: await response.json() };
};

it('serves just the routes that its document has', async () => {
  expect(documentedRoutes(await openApiOf(service.url))).toEqual(servedRoutes(service.app));
});

it('answers as its document says', async () => {
  const document = await openApiOf(service.url);
  const ranges = ['/v1/trades', '/v1/quotes', '/v1/bars', '/v1/states'];
  const answers = await Promise.all([
    ...ranges.map((path) => ask(path, '?symbol=SPY&limit=50')),
    ...ranges.map((path) => ask(path, '?symbol=SPY&columns=market,timestamp')),
    ...plainPaths(document).map((path) => ask(path)),
    ask('/v1/trades', '?symbol=SPY&limit=none'),
    ask('/v1/trades', '?symbol=NONE'),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([...answers.slice(0, -2).map(() => 200), 400, 404]);
  expect(answers.flatMap((answer) => answerFaults(document, answer))).toEqual([]);
});

it('has every field of a row in its document, and none but those that are asked for where some are', async () => {
  const document = await openApiOf(service.url);
  for (const table of ['trades', 'quotes', 'bars', 'states']) {
    const { schema } = document.paths[`/v1/${table}`].get.responses['200'].content['application/json'];
    const { properties } = schema as { readonly properties: Readonly<Record<string, { readonly items: { readonly properties: object } }>> };
    const documented = Object.keys(properties[table].items.properties);
    const fieldsOf = async (query: string): Promise<readonly string[]> => {
      const { body } = await ask(`/v1/${table}`, `?symbol=SPY&limit=1${query}`);
      return Object.keys((body as Readonly<Record<string, readonly object[]>>)[table][0]);
    };
    expect(await fieldsOf('')).toEqual(documented);
    expect(await fieldsOf('&columns=market,timestamp')).toEqual(['market', 'timestamp']);
  }
});
