/**
 * `npm run bench` runs every bench, `npm run bench -- ingest` the named ones; `--list` says what there is. `--small` takes
 * a small part of each, so that they never rot; `--full` repeats what varies. A bench passes when it ran and what it made
 * was right: never by its times, because those belong to the machine. Results go to stdout, as one table or with `--json`
 * as JSON; the last line is always `N passed, N failed, N skipped` (with `--json` on stderr).
 */
import { parseArgs } from 'node:util';
import { addTallies, tallyLine } from '../test/tally.mjs';
import { benches } from './benches.mjs';
import { ratioOf, resultTable } from './result.mjs';

/**
 * @typedef {object} Outcome
 * @property {string} name
 * @property {import('./result.mjs').BenchResult[]} results
 * @property {string} [failure]
 * @property {string} [skipped]
 */

const say = (/** @type {string} */ line) => console.error(line);

/**
 * @param {import('./benches.mjs').Bench} bench
 * @param {{ size: import('./benches.mjs').Size, profileDir?: string }} options
 * @returns {Promise<Outcome>}
 */
async function outcomeOf({ name, measures, whyNot, run }, options) {
  const skipped = whyNot();
  if (skipped !== undefined) {
    say(`-- ${name}: skipped, ${skipped}`);
    return { name, results: [], skipped };
  }
  say(`-- ${name}: ${measures}`);
  const startedMs = performance.now();
  try {
    const results = await run({ ...options, say: (line) => say(`   ${line}`) });
    say(`   ${Math.round((performance.now() - startedMs) / 1_000)} s`);
    return { name, results };
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    say(`   failed: ${failure}`);
    return { name, results: [], failure };
  }
}

/** @param {Outcome} outcome */
function tallyOf({ failure, skipped }) {
  const [passed, failed] = failure === undefined ? [1, 0] : [0, 1];
  return skipped === undefined ? { passed, failed, skipped: 0 } : { passed: 0, failed: 0, skipped: 1 };
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      small: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) throw new Error(`no bench ${unknown.join(', ')}; there are ${benches.map(({ name }) => name).join(', ')}`);
  if (values.small && values.full) throw new Error('--small or --full, not both');
  const size = /** @type {import('./benches.mjs').Size} */ (values.small ? 'small' : values.full ? 'full' : 'usual');
  const chosen = positionals.length === 0 ? benches : benches.filter(({ name }) => positionals.includes(name));
  return { chosen, size, profileDir: values.profile, isJson: values.json, isList: values.list };
}

async function main() {
  const { chosen, size, profileDir, isJson, isList } = readArguments();
  if (isList) {
    for (const { name, measures } of chosen) console.log(`${name.padEnd(10)} ${measures}`);
    return;
  }
  /** @type {Outcome[]} */
  const outcomes = [];
  // One after another: two at once would measure each other.
  for (const bench of chosen) outcomes.push(await outcomeOf(bench, { size, profileDir }));
  const tally = addTallies(outcomes.map(tallyOf));
  if (isJson) {
    const benchesWithRatios = outcomes.map(({ results, ...rest }) => ({
      ...rest,
      results: results.map((result) => ({ ...result, ratio: ratioOf(result) })),
    }));
    console.log(JSON.stringify({ size, benches: benchesWithRatios }, undefined, 2));
    say(tallyLine(tally));
  } else {
    console.log(`\n${resultTable(outcomes.flatMap(({ results }) => results))}\n`);
    console.log(tallyLine(tally));
  }
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
