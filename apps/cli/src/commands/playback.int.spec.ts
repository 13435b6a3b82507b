import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listen } from '../playback/listener.js';
import { openTerminal } from '../terminal.js';
import { playback } from './playback.js';

const report = {
  ...{ id: 'r', state: 'paused', symbols: ['SPY'], market: null, mode: 'live', run: 1, states: 0, trades: 0, remaining_seconds: 1_800 },
  ...{ from: '2013-10-07T14:30:00Z', to: '2013-10-07T15:00:00Z', position: '2013-10-07T14:30:00Z', speed: 1 },
};
const stop = new AbortController();
const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  if (request.method === 'POST') stop.abort();
  request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(JSON.stringify(report)));
});
const environment = { ...process.env };

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  process.env = environment;
  server.closeAllConnections();
  server.close();
});

it('a replay that was being made when Ctrl-C came is removed, and nobody listens to it', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env = { ...environment, HINDCAST_MARKET_PHYSICS_URL: url, HINDCAST_STATE_BROADCASTER_URL: url };
  const terminal = openTerminal({ json: true, signal: stop.signal });
  const { from, to } = report;
  const played = playback({ symbols: 'SPY', from, to, speed: '1', mode: 'live' }, terminal);
  await expect(played).rejects.toMatchObject({ name: 'AbortError' });
  expect(asked).toEqual(['POST /v1/replays', 'DELETE /v1/replays/r']);
});

it('a signal that has come already ends the listening before it begins', async () => {
  const heard = (): boolean => false;
  await listen({ url: 'http://127.0.0.1:1', apiKey: undefined, id: 'r', symbols: ['SPY'], signal: AbortSignal.abort(), heard });
});
