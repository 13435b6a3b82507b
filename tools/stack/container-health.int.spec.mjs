import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatKeyFile, HealthRegistry, keyHash, loadConfig, newKey, startService } from '@hindcast/service-kit';
import { selfSignedCertificate } from '@hindcast/testing';
import { nodeExecutable } from '../setup/node-executable.mjs';

const script = join(import.meta.dirname, 'container-health.mjs');

class EmptyModule {}

let folder = '';
let service;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hindcast-health-'));
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
  rmSync(folder, { recursive: true });
});

function file(name, text) {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const keys = () => ({ HINDCAST_API_KEYS: file('keys.json', formatKeyFile([{ name: 'a', sha256: keyHash(newKey()), rights: ['read'] }])) });
const tls = () => {
  const { cert, key } = selfSignedCertificate();
  return { HINDCAST_TLS_CERT_FILE: file('cert.pem', cert), HINDCAST_TLS_KEY_FILE: file('key.pem', key) };
};

async function start(environment) {
  const config = () => loadConfig({}, { HINDCAST_LOG_LEVEL: 'silent', ...environment });
  service = await startService({ name: 'probe', config, httpPort: () => 0, module: () => EmptyModule });
}

/** As the engine runs it: in the environment of the service, with nothing but its exit code to tell. */
function health(environment, port = service.port) {
  return new Promise((resolve) => {
    execFile(nodeExecutable(), [script, String(port)], { env: { ...environment } }, (error, stdout) =>
      resolve({ exitCode: error?.code ?? 0, said: stdout.trim() }),
    );
  });
}

it.each([
  ['open', () => ({})],
  ['that asks for keys', keys],
  ['that speaks TLS', tls],
  ['that asks for keys and speaks TLS', () => ({ ...keys(), ...tls() })],
])('says how a service is %s', async (_, given) => {
  const environment = given();
  await start(environment);
  const ready = await health(environment);
  expect(ready.exitCode).toBe(0);
  expect(JSON.parse(ready.said)).toMatchObject({ status: 'ready', service: 'probe' });
  service.app.get(HealthRegistry).register('store', () => Promise.resolve({ up: false }));
  const away = await health(environment);
  expect(away.exitCode).toBe(1);
  expect(JSON.parse(away.said)).toMatchObject({ status: 'not_ready', dependencies: { store: { up: false } } });
});

it('fails, and says why, where nobody answers', async () => {
  await start({});
  const { port } = service;
  await service.stop();
  expect(await health({}, port)).toEqual({ exitCode: 1, said: expect.stringContaining('ECONNREFUSED') });
});
