import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { loadConfig } from '../config.js';
import { startService, type RunningService } from '../service.js';
import { ConnectionCount } from './connection-limits.js';
import { RequestRate } from './request-rate.js';

@Controller('v1')
class ProbeController {
  @Get('seen')
  seen() {
    return {};
  }

  @Post('taken')
  taken() {
    return {};
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule {}

let service: RunningService;
async function start(env: Record<string, string>): Promise<void> {
  service = await startService({
    name: 'probe',
    config: () => loadConfig({}, { HINDCAST_LOG_LEVEL: 'silent', ...env }),
    httpPort: () => 0,
    module: () => ProbeModule,
  });
}
afterEach(() => service?.stop());

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const status = async (path = '/v1/seen'): Promise<number> => (await fetch(service.url + path)).status;

it('closes connections that say nothing, and those that dribble, with an answer', async () => {
  await start({ HINDCAST_HEADERS_TIMEOUT_MS: '100' });
  const [idle, dribbling] = [await open(), await open()];
  dribbling.write('GET /v1/seen HTTP/1.1\r\nhost: localhost\r\nx-a: ');
  const answers = await Promise.all([text(idle), text(dribbling)]);
  expect(answers[1]).toMatch(/^HTTP\/1\.1 408 /);
});

it('closes a request that does not arrive whole, and half-closed ones', async () => {
  await start({ HINDCAST_REQUEST_TIMEOUT_MS: '200', HINDCAST_HEADERS_TIMEOUT_MS: '100' });
  const [slow, half] = [await open(), await open()];
  slow.write('POST /v1/taken HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"a"');
  half.end('POST /v1/taken HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{');
  await Promise.all([text(slow), text(half)]);
  expect(await status()).toBe(200);
});

it('serves on while as many connections as it allows stand idle, and answers those beyond', async () => {
  await start({ HINDCAST_CONNECTIONS_MAX: '50', HINDCAST_HEADERS_TIMEOUT_MS: '600000', HINDCAST_REQUEST_TIMEOUT_MS: '600000' });
  const idle = await Promise.all(Array.from({ length: 49 }, open));
  const ask = async (): Promise<string> => {
    const socket = await open();
    socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    return text(socket);
  };
  expect(await ask()).toMatch(/^HTTP\/1\.1 200 /);
  idle.push(await open());
  const refused = await ask();
  expect(refused).toMatch(/^HTTP\/1\.1 503 /);
  expect(refused).toContain('"code":"CONNECTIONS_FULL"');
  for (const socket of idle) socket.destroy();
  for (;;) if ((await ask()).startsWith('HTTP/1.1 200')) break;
});

it('counts connections by address, those of this machine in all only', () => {
  const count = new ConnectionCount({ connectionsMax: 4, connectionsPerAddressMax: 1 });
  const leave = count.enter('10.0.0.7');
  expect(leave).toBeDefined();
  expect(count.enter('10.0.0.7')).toBeUndefined();
  expect(['10.0.0.8', '127.0.0.1', '::ffff:127.0.0.1', '::1'].map((address) => count.enter(address) !== undefined)).toEqual([
    true,
    true,
    true,
    false,
  ]);
  leave?.();
  expect(count.enter('10.0.0.7')).toBeDefined();
});

it('answers 429 to a caller that asks too often, and says when to come again', async () => {
  await start({ HINDCAST_REQUESTS_PER_SECOND_MAX: '5' });
  const answers = await Promise.all(Array.from({ length: 30 }, () => fetch(`${service.url}/v1/seen`)));
  const limited = answers.find((answer) => answer.status === 429);
  expect(limited?.headers.get('retry-after')).toBe('1');
  expect(await limited?.json()).toMatchObject({ error: { code: 'RATE_LIMITED', retry: true } });
  while ((await status()) !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
});

it('is asked under its own name only, for a page of others may have had one pointed here', async () => {
  await start({});
  const asked = async (path: string, host: string): Promise<string> => {
    const socket = await open();
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    return text(socket);
  };
  const rebound = await asked('/v1/seen', 'evil.example:7701');
  expect(rebound).toMatch(/^HTTP\/1\.1 403 /);
  expect(rebound).toContain('"code":"ORIGIN_REFUSED"');
  expect(await asked('/v1/seen', 'localhost:7701')).toMatch(/^HTTP\/1\.1 200 /);
  expect(await asked('/health/live', 'evil.example')).toMatch(/^HTTP\/1\.1 200 /);
});

it('gives each caller a share of its own, and a new one each second', () => {
  const rate = new RequestRate(2);
  expect([rate.take('a'), rate.take('a'), rate.take('a'), rate.take('b')]).toEqual([true, true, false, true]);
  rate.beginSecond();
  expect(rate.take('a')).toBe(true);
  rate.close();
});
