import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedCertificate } from '@hindcast/testing';
import { readPulse } from './pulse.mjs';

const apiKey = 'secret';
const ledger = { trades: { inherited: 0, stored: 7, pending: 0 } };
const monitoring = { sections: { ledger: { facts: { totals: ledger } }, states: { facts: { instruments: 2, states: 5 } } } };
const line = '7 rows · 2 symbols · lag 0.0 s · 5 states · 0 vectors';

let folder = '';
let server;
/** What callers have shown. */
let shown = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hindcast-pulse-'));
  shown = [];
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const answer = (request, response) => {
  shown.push(request.headers.authorization);
  const isAllowed = request.headers.authorization === `Bearer ${apiKey}`;
  response.writeHead(isAllowed ? 200 : 401).end(JSON.stringify(request.url === '/v1/feeds' ? { feeds: [] } : monitoring));
};

async function listening(made) {
  server = made;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

function certificateFile(cert) {
  const file = join(folder, 'cert.pem');
  writeFileSync(file, cert);
  return file;
}

it('is read over HTTP', async () => {
  const port = await listening(http.createServer(answer));
  const place = { url: `http://127.0.0.1:${port}`, apiKey, certificate: undefined };
  expect(await readPulse(place)).toEqual({ line, feeds: [] });
  expect(await readPulse({ ...place, apiKey: undefined })).toBeUndefined();
});

it('is read over TLS from whoever shows our certificate, also after it was renewed', async () => {
  const first = selfSignedCertificate();
  const port = await listening(https.createServer(first, answer));
  const place = { url: `https://127.0.0.1:${port}`, apiKey, certificate: certificateFile(first.cert) };
  expect(await readPulse(place)).toEqual({ line, feeds: [] });
  const second = selfSignedCertificate();
  certificateFile(second.cert);
  server.setSecureContext(second);
  expect(await readPulse(place)).toEqual({ line, feeds: [] });
});

it('is asked of nobody who shows another certificate, and no key is sent there', async () => {
  const port = await listening(https.createServer(selfSignedCertificate(), answer));
  const certificate = certificateFile(selfSignedCertificate().cert);
  expect(await readPulse({ url: `https://127.0.0.1:${port}`, apiKey, certificate })).toBeUndefined();
  expect(await readPulse({ url: `https://127.0.0.1:${port}`, apiKey, certificate: join(folder, 'none.pem') })).toBeUndefined();
  expect(shown).toEqual([]);
});
