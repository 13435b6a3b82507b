/** The mornings of three days of two stocks that walk at random: enough for a memory of them, and soon sent. */
import { seededRandom } from '@hindcast/testing';

export const walkedDays = ['2013-10-07', '2013-10-08', '2013-10-09'];
export const walkedSymbols = ['IBM', 'SPY'];
const tradedSeconds = 7_200;
const secondsBetween = 3;
const batchRows = 5_000;

/** In the order of time, the same whenever it is made. */
function* walkedTrades() {
  const random = seededRandom(5);
  const prices = new Map(walkedSymbols.map((symbol) => [symbol, 100]));
  for (const day of walkedDays) {
    const openMs = Date.parse(`${day}T13:30:00Z`);
    for (let second = 0; second < tradedSeconds; second += secondsBetween) {
      for (const symbol of walkedSymbols) {
        const price = prices.get(symbol) * (1 + (random() - 0.5) / 1_000);
        prices.set(symbol, price);
        yield {
          timestamp: (openMs + second * 1_000) * 1_000,
          symbol,
          market: 'usa/equity',
          exchange: 'X',
          price,
          size: 1 + Math.floor(random() * 90),
        };
      }
    }
  }
}

/** A request of JSON and its answer; any status that is not ok is an error with what was answered. */
export async function askJson(url, method = 'GET', body = undefined) {
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(url, { method, ...content });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${url}: ${JSON.stringify(answer)}`);
  return answer;
}

/** A second before every trade, around its price: spreads and sizes that change. */
function quoteBefore({ timestamp, symbol, market, exchange, price, size }) {
  const half = price * 1e-4 * (1 + (size % 7));
  const [bid, ask] = [price - half, price + half];
  return { timestamp: timestamp - 1_000_000, symbol, market, exchange, bid, bid_size: size, ask, ask_size: 100 - size };
}

/** Sends all of them to the door of this Hindcast, quotes first: they belong to seconds that trades will close. */
export async function sendWalkedDays(tickIngestUrl) {
  const trades = [...walkedTrades()];
  for (const [kind, rows] of Object.entries({ quotes: trades.map(quoteBefore), trades })) {
    for (let offset = 0; offset < rows.length; offset += batchRows) {
      await askJson(`${tickIngestUrl}/v1/${kind}`, 'POST', { source: 'walk', offset, [kind]: rows.slice(offset, offset + batchRows) });
    }
  }
}
