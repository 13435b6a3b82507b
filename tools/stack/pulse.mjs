/** How the one process is doing, in a line: read from its own API. */
import http from 'node:http';

const answerMaxMs = 3_000;

/**
 * @typedef {{ totals: Readonly<Record<string, { inherited: number, stored: number, pending: number }>> }} LedgerFacts
 * @typedef {object} Sections what the line takes of `GET /v1/monitoring`
 * @property {{ facts: LedgerFacts | null }} [ledger]
 * @property {{ facts: { instruments: number, states: number } | null }} [states]
 * @property {{ facts: { followers: readonly { owner: string, seconds_behind: number }[] } | null }} [followers]
 * @property {{ facts: { rows: number } | null }} [lancedb]
 * @typedef {{ name: string, kind: string, simulated: boolean, state: string, detail: string }} FeedFacts
 * @typedef {{ line: string, feeds: readonly FeedFacts[] }} Pulse
 */

/**
 * Undefined where it may not be asked: it wants a key that the environment does not have, or speaks TLS.
 * @param {{ url: string, apiKey: string | undefined }} place
 * @returns {Promise<Pulse | undefined>}
 */
export async function readPulse({ url, apiKey }) {
  // A key is sent to nobody whose certificate was not looked at.
  if (!url.startsWith('http:')) return undefined;
  try {
    const [monitoring, feeds] = await Promise.all([get(`${url}/v1/monitoring`, apiKey), get(`${url}/v1/feeds`, apiKey).catch(() => ({}))]);
    const { feeds: all = [] } = feeds;
    return { line: [pulseLine(monitoring.sections), ...all.map(feedWord), ...problemWords(monitoring.sections)].join(' · '), feeds: all };
  } catch {
    return undefined;
  }
}

/** @param {Sections} sections */
export function pulseLine({ ledger, states, followers, lancedb }) {
  const totals = Object.values(ledger?.facts?.totals ?? {});
  const rows = totals.reduce((sum, { inherited, stored, pending }) => sum + inherited + stored + pending, 0);
  const ours = (followers?.facts?.followers ?? []).filter(({ owner }) => owner === 'hindcast');
  const lagSeconds = Math.max(0, ...ours.map(({ seconds_behind: behind }) => behind));
  return [
    `${count(rows)} rows`,
    `${count(states?.facts?.instruments ?? 0)} symbols`,
    `${count(states?.facts?.states ?? 0)} states`,
    `${count(lancedb?.facts?.rows ?? 0)} vectors`,
    `lag ${lagSeconds.toFixed(1)} s`,
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
 * @param {Readonly<Record<string, { problems?: readonly { severity: string }[] }>>} sections
 * @returns {string[]}
 */
export function problemWords(sections) {
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
 * @param {string} url
 * @param {string | undefined} apiKey
 * @returns {Promise<any>}
 */
function get(url, apiKey) {
  return new Promise((resolve, reject) => {
    const headers = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
    const request = http.get(url, { headers, agent: false, signal: AbortSignal.timeout(answerMaxMs) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => (text += piece));
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
        else resolve(JSON.parse(text));
      });
    });
    request.once('error', reject);
  });
}
