import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorBody, HindcastError } from '@hindcast/contracts';
import { ServiceClient } from './http-client.js';

let server: Server;
let answer: RequestListener;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function client(options: { readonly deadlineMs?: number; readonly answerBytesMax?: number } = {}): ServiceClient {
  return new ServiceClient({ name: 'market-physics', baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...options });
}

const parse = (body: unknown): unknown => body;
const away = (reason: string) => ({ code: 'UPSTREAM_AWAY', retry: true, message: expect.stringContaining(reason) as string });

describe('ServiceClient', () => {
  it('asks with a query, and gives the parsed answer', async () => {
    answer = (request, response) => response.end(JSON.stringify({ url: request.url }));
    const url = await client().get('/v1/states', {
      query: { symbols: 'SPY,IBM', at: undefined, k: 5 },
      parse: (body) => (body as { url: string }).url,
    });
    expect(url).toBe('/v1/states?symbols=SPY%2CIBM&k=5');
  });

  it('posts JSON', async () => {
    answer = (request, response) => {
      response.setHeader('x-type', request.headers['content-type'] ?? '');
      request.pipe(response);
    };
    expect(await client().post('/v1/similar', { body: { k: 5 }, parse })).toEqual({ k: 5 });
  });

  it('deletes', async () => {
    answer = (request, response) => response.end(JSON.stringify({ asked: `${request.method} ${request.url}` }));
    expect(await client().delete('/v1/followers/a', { parse })).toEqual({ asked: 'DELETE /v1/followers/a' });
  });

  it('passes on the error of the other service, code, message and details', async () => {
    const original = new HindcastError('STATE_UNKNOWN', 'none of SPY', { details: { symbol: 'SPY' } });
    answer = (_, response) => response.writeHead(404).end(JSON.stringify(errorBody(original)));
    await expect(client().get('/', { parse })).rejects.toMatchObject({
      code: 'STATE_UNKNOWN',
      message: 'none of SPY',
      details: { symbol: 'SPY' },
    });
  });

  it('says UPSTREAM_AWAY to silence, to what is not ours, and to too much', async () => {
    answer = () => undefined;
    await expect(client({ deadlineMs: 30 }).get('/', { parse })).rejects.toMatchObject(away('did not answer in 30 ms'));
    answer = (_, response) => response.writeHead(502).end('{}');
    await expect(client().get('/', { parse })).rejects.toMatchObject(away('answered 502'));
    answer = (_, response) => response.end('<html>');
    await expect(client().get('/', { parse })).rejects.toMatchObject(away('not JSON'));
    answer = (_, response) => response.end(JSON.stringify('x'.repeat(100)));
    await expect(client({ answerBytesMax: 50 }).get('/', { parse })).rejects.toMatchObject(away('more than 50 bytes'));
    const gone = new ServiceClient({ name: 'market-physics', baseUrl: 'http://127.0.0.1:1' });
    await expect(gone.get('/', { parse })).rejects.toMatchObject(away('market-physics at http://127.0.0.1:1 does not answer'));
  });

  it('ends with the signal of its caller', async () => {
    const abort = new AbortController();
    answer = () => abort.abort();
    await expect(client().get('/', { signal: abort.signal, parse })).rejects.toMatchObject({ code: 'UPSTREAM_AWAY' });
  });
});
