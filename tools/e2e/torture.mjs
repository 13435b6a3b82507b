/**
 * `npm run test:torture`: two days again and again, each time in a fresh stack that is treated worse: other batches, the
 * replay stopped and resumed, every service killed. Every life must end with the same trades, states and vectors, bit for
 * bit. Prints its seed; `HINDCAST_SEED=N` repeats a run. `npm run test:torture -- --rounds N` says how many lives, 5 by
 * default.
 */
import { parseArgs } from 'node:util';
import { seededRandom, whyNoLeanData, whyNoQuestDb, whyNoRedis } from '@hindcast/testing';
import { services } from '../stack/services.mjs';
import { embeddingsOf, firstDifference, statesOf, tradesOf } from './contents.mjs';
import { replayDisturbed, someDisturbances } from './disturbed-replay.mjs';
import { HindcastUnderTest } from './hindcast-under-test.mjs';
import { firstDay, replayOf, secondDay, symbols, variables } from './scenes.mjs';

const roundsDefault = 5;
const batchRows = { min: 50, max: 50_000 };
const disturbancesMax = 3;
const args = { from: firstDay, to: secondDay };

/** One life of a stack: what it holds at the end, and what is wrong with how it came there. */
async function live({ batch, disturbances = [], logKeepRows }) {
  const stack = await HindcastUnderTest.create({
    ...variables,
    ...(logKeepRows === undefined ? {} : { HINDCAST_LOG_KEEP_ROWS: String(logKeepRows) }),
  });
  const faults = [];
  let held;
  try {
    await stack.startDetached();
    const { summary, met } = await replayDisturbed(stack, replayOf({ ...args, batch }), disturbances);
    if (!summary.ledger.balanced || !summary.ledger.verified) faults.push(`the ledger says ${JSON.stringify(summary.ledger)}`);
    console.log(`  ${summary.received} rows, ${met.length} of ${disturbances.length} disturbances met the replay under way`);
    held = {
      rows: summary.received,
      trades: await tradesOf(stack, symbols),
      states: await statesOf(stack, symbols, { mode: true }),
      embeddings: await embeddingsOf(stack, symbols),
    };
  } finally {
    faults.push(...(await stack.dispose()).map((left) => `left behind: ${left}`));
  }
  return { held, faults };
}

/** A life at random. */
function lifeOf(random, rows) {
  const batch = Math.round(batchRows.min * (batchRows.max / batchRows.min) ** random());
  const times = 1 + Math.floor(disturbancesMax * random());
  const names = services.map(({ name }) => name);
  const disturbances = Array.from({ length: times }, () => someDisturbances({ rows, random, services: names })).flat();
  return {
    batch,
    logKeepRows: random() < 0.5 ? 0 : undefined,
    disturbances: disturbances.sort((a, b) => a.afterRows - b.afterRows),
  };
}

function compare(held, reference) {
  return ['trades', 'states', 'embeddings'].flatMap((what) => {
    const difference = firstDifference(held[what], reference[what]);
    return difference === undefined ? [] : [`${what} differ: ${JSON.stringify(difference, undefined, 2)}`];
  });
}

/** @param {readonly string[]} options */
function roundsAsked(options) {
  const { values } = parseArgs({ args: [...options], options: { rounds: { type: 'string', default: String(roundsDefault) } } });
  const rounds = Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: allowed is a whole number from 1`);
  return rounds;
}

async function main() {
  const reason = whyNoLeanData() ?? whyNoQuestDb() ?? whyNoRedis();
  if (reason !== undefined) {
    console.log(`skipped: ${reason}\n0 passed, 0 failed, 1 skipped`);
    return;
  }
  const rounds = roundsAsked(process.argv.slice(2));
  const seed = Number(process.env.HINDCAST_SEED || Math.floor(Math.random() * 1e9));
  console.log(`HINDCAST_SEED=${seed}\nleft in peace`);
  const reference = await live({});
  const random = seededRandom(seed);
  const failed = [reference.faults.length > 0];
  for (let round = 1; round <= rounds; round++) {
    const life = lifeOf(random, reference.held.rows);
    console.log(`${round} of ${rounds}: ${JSON.stringify(life)}`);
    const { held, faults } = await live(life);
    const found = [...faults, ...compare(held, reference.held)];
    for (const fault of found) console.log(`  FAILED: ${fault}`);
    failed.push(found.length > 0);
  }
  const failures = failed.filter(Boolean).length;
  console.log(`${failed.length - failures} passed, ${failures} failed, 0 skipped`);
  process.exitCode = failures === 0 ? 0 : 1;
}

await main();
