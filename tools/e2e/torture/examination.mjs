/** Everything that must be so after trouble, whatever it was: nothing lost, nothing doubled, the same bits, the keys there. */
import { Redis } from 'ioredis';
import { queryRows, rowCounts } from '../contents.mjs';
import { until } from '../hindcast-under-test.mjs';
import { everything } from './kept-contents.mjs';
import { countFaults } from './recorded-counts.mjs';

/**
 * @param {import('../hindcast-under-test.mjs').HindcastUnderTest} stack
 * @param {object} expected
 * @param {import('./kept-contents.mjs').KeptContents} expected.kept
 * @param {Readonly<Record<string, number>>} expected.recorded
 * @param {readonly string[]} expected.symbols
 * @param {readonly string[]} [expected.contents]
 * @returns {Promise<readonly string[]>} what is wrong, in sentences
 */
export async function examine(stack, { kept, recorded, symbols, contents = everything }) {
  const verified = await stack.json(['ledger', 'verify']);
  return [
    ...(verified.balanced && verified.verified ? [] : [`the ledger says ${JSON.stringify(verified)}`]),
    ...countFaults(await rowCounts(stack), recorded),
    ...(await kept.faultsOf(stack, { contents })),
    ...(await keyFaults(stack, symbols)),
  ];
}

/** `physics:state:*` must show each symbol's newest state; what is written last may still be on its way. */
async function keyFaults(stack, symbols) {
  const redis = new Redis(stack.urls.redis);
  try {
    const faults = [];
    for (const symbol of symbols) {
      const select = `SELECT timestamp, mass, momentum, entropy FROM market_states WHERE symbol = '${symbol}' LIMIT -1`;
      const [[time, ...numbers]] = await queryRows(stack.urls.questDb, select);
      const expected = { timestamp: `${time.slice(0, 19)}Z`, mass: +numbers[0], momentum: +numbers[1], entropy: +numbers[2] };
      const shows = async () => {
        const state = JSON.parse((await redis.get(`physics:state:${symbol}`)) ?? '{}');
        return Object.entries(expected).every(([field, value]) => state[field] === value);
      };
      await until(`physics:state:${symbol} to show ${JSON.stringify(expected)}`, shows, { boundMs: 10_000 }).catch(async (error) => {
        faults.push(`${error.message}; it is ${await redis.get(`physics:state:${symbol}`)}`);
      });
    }
    return faults;
  } finally {
    redis.disconnect();
  }
}
