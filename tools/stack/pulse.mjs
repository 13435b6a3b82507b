/** How the one process is doing, in a line: read from its own API. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import tls from 'node:tls';

const answerMaxMs = 3_000;

/**
 * @typedef {{ totals: Readonly<Record<string, { inherited: number, stored: number, pending: number }>> }} LedgerFacts
 * @typedef {{ problems?: readonly { severity: string }[] }} Section
 * @typedef {object} LineFacts
 * @property {Section & { facts: LedgerFacts | null }} [ledger]
 * @property {Section & { facts: { instruments: number, states: number } | null }} [states]
 * @property {Section & { facts: { followers: readonly { owner: string, seconds_behind: number }[] } | null }} [followers]
 * @property {Section & { facts: { rows: number } | null }} [lancedb]
 * @typedef {LineFacts & Readonly<Record<string, Section>>} Sections what the line takes of `GET /v1/monitoring`
 * @typedef {{ name: string, kind: string, simulated: boolean, state: string, detail: string }} FeedFacts
 * @typedef {{ line: string, feeds: readonly FeedFacts[] }} Pulse
 */

/**
 * @typedef {object} Place
 * @property {string} url
 * @property {string | undefined} apiKey
 * @property {string | undefined} certificate the file of the one that its doors show, where they speak TLS
 */

/**
 * Undefined where it does not answer, or wants a key that the environment does not have.
 * @param {Place} place
 * @returns {Promise<Pulse | undefined>}
 */
export async function readPulse(place) {
  try {
    const [monitoring, feeds] = await Promise.all([get(place, '/v1/monitoring'), get(place, '/v1/feeds').catch(() => ({}))]);
    const { feeds: all = [] } = feeds;
    return { line: pulseLine(monitoring.sections, all), feeds: all };
  } catch {
    return undefined;
  }
}

/**
 * What matters most comes first: a narrow terminal cuts the end off.
 * @param {Sections} sections
 * @param {readonly FeedFacts[]} feeds
 */
export function pulseLine(sections, feeds) {
  const { ledger, states, followers, lancedb } = sections;
  const totals = Object.values(ledger?.facts?.totals ?? {});
  const rows = totals.reduce((sum, { inherited, stored, pending }) => sum + inherited + stored + pending, 0);
  const ours = (followers?.facts?.followers ?? []).filter(({ owner }) => owner === 'hindcast');
  const lagSeconds = Math.max(0, ...ours.map(({ seconds_behind: behind }) => behind));
  return [
    ...problemWords(sections),
    `${count(rows)} rows`,
    `${count(states?.facts?.instruments ?? 0)} symbols`,
    `lag ${lagSeconds.toFixed(1)} s`,
    ...feeds.map(feedWord),
    `${count(states?.facts?.states ?? 0)} states`,
    `${count(lancedb?.facts?.rows ?? 0)} vectors`,
  ].join(' · ');
}

/** @param {FeedFacts} feed */
export function feedText({ name, kind, state, detail }) {
  return `${name} (${kind}): ${state}${detail ? `, ${detail}` : ''}`;
}

/**
 * What is worth a sentence that stays: which source feeds it has become, and that one has failed. How each is doing from
 * moment to moment is in the line.
 * @param {readonly FeedFacts[]} feeds
 * @param {Map<string, string>} told what was said of each, which this brings up to date
 * @returns {string[]}
 */
export function feedNews(feeds, told) {
  return feeds.flatMap((feed) => {
    const news = feed.state === 'failed' ? 'failed' : feed.kind;
    if (feed.state === 'connecting' || told.get(feed.name) === news) return [];
    told.set(feed.name, news);
    return [`Feed ${feedText(feed)}${feed.simulated ? '. Nothing of it is real; HINDCAST_FEED chooses another feed.' : ''}`];
  });
}

/**
 * What needs a person is told elsewhere, with what to do about it.
 * @param {Sections} sections
 * @returns {string[]}
 */
function problemWords(sections) {
  const problems = Object.values(sections).flatMap(({ problems: found = [] }) => found.filter(({ severity }) => severity === 'critical'));
  return problems.length === 0
    ? []
    : [`${problems.length} ${problems.length === 1 ? 'thing needs' : 'things need'} you: npx hindcast status`];
}

/** Whatever else a line leaves out: that ticks are made up is in it. @param {FeedFacts} feed */
function feedWord({ name, simulated, state }) {
  return `${name}: ${simulated ? 'SIMULATED, ' : ''}${state}`;
}

/** @param {number} value */
function count(value) {
  return Math.round(value).toLocaleString('en-US');
}

/**
 * @param {Place} place
 * @param {string} path
 * @returns {Promise<any>}
 */
async function get({ url, apiKey, certificate }, path) {
  const { hostname, port } = new URL(url);
  const signal = AbortSignal.timeout(answerMaxMs);
  const socket = certificate === undefined ? undefined : await connectTo({ host: hostname, port: Number(port) }, { certificate, signal });
  return new Promise((resolve, reject) => {
    const headers = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
    // A connection of its own each time; an agent would open another one.
    const connection = socket ? { createConnection: () => socket } : { agent: /** @type {const} */ (false) };
    const options = { host: hostname, port, path, headers, signal, ...connection };
    const request = http.get(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => (text += piece));
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode !== 200) reject(new Error(`${url}${path} answered ${response.statusCode}`));
        else resolve(JSON.parse(text));
      });
    });
    request.once('error', reject);
  });
}

/**
 * A connection to whoever shows our own certificate, byte for byte: nobody else is sent a key. Its name and authority are what
 * others know it by, and need not be what we call it by.
 * @param {{ host: string, port: number }} place
 * @param {{ certificate: string, signal: AbortSignal }} options
 */
async function connectTo(place, { certificate, signal }) {
  // Read each time: a renewed one is taken up without a restart.
  const ours = new X509Certificate(readFileSync(certificate));
  const socket = tls.connect({ ...place, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal });
    if (!socket.getPeerX509Certificate()?.raw.equals(ours.raw)) throw new Error('whoever answers shows another certificate');
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
