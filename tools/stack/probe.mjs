/** Asks a service of this stack how it is. */
import http from 'node:http';
import https from 'node:https';

const answerMaxMs = 3_000;

/**
 * Reads health, which needs no key. The certificate is not checked: nothing is sent that anybody could want, the answer
 * comes from this machine, and the name on the certificate is the one that others call it by.
 * @param {string} url
 * @returns {Promise<{ ok: boolean, text: string }>}
 */
export function probe(url) {
  const client = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const options = { rejectUnauthorized: false, agent: false, signal: AbortSignal.timeout(answerMaxMs) };
    const request = client.get(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => (text += piece));
      response.once('end', () => resolve({ ok: response.statusCode === 200, text }));
      response.once('error', reject);
    });
    request.once('error', reject);
  });
}
