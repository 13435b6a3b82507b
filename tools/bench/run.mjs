/**
 * `npm run bench` runs every bench, `npm run bench -- a f` or `-- ingest search` some; `--list` says what there is. `--small`
 * takes a small part of each, so that they never rot; `--full` repeats what varies; `--write` puts the figures on
 * docs/BENCHMARKS.md, `--page` makes that page anew from what was measured before; `--profile DIR` leaves CPU profiles of the
 * services under test. A bench passes when it ran and what it made was right: never by its times, because those belong to the
 * machine. One that fails leaves the others their figures, and Ctrl-C ends the run with those that there are. Figures go to
 * stdout, as one table or with `--json` as JSON; the last line is always `N passed, N failed, N skipped` (with `--json` on stderr).
 */
import { parseArgs } from 'node:util';
import { within } from '../servers/server-process.mjs';
import { addTallies, tallyLine } from '../test/tally.mjs';
import { readArguments } from '../usage.mjs';
import { benches } from './benches.mjs';
import { figureTable, ratioOf, verdictOf } from './figure.mjs';
import { takingNow } from './machine.mjs';
import { writePage } from './page.mjs';
import { Undo } from './undo.mjs';

/**
 * @typedef {object} Outcome
 * @property {string} id
 * @property {string} name
 * @property {import('./figure.mjs').Figure[]} figures
 * @property {import('./machine.mjs').Taking} [taking]
 * @property {string} [failure]
 * @property {string} [skipped]
 */

const signOfLifeMs = 15_000;
const startBoundMs = 10_000;

const say = (/** @type {string} */ line) => console.error(line);

/**
 * @param {import('./benches.mjs').Bench} bench
 * @param {{ size: import('./benches.mjs').Size, profileDir?: string, signal: AbortSignal }} options
 * @returns {Promise<Outcome>}
 */
async function outcomeOf({ id, name, measures, whyNot, run }, options) {
  const skipped = options.signal.aborted ? 'the run was stopped' : whyNot();
  if (skipped !== undefined) {
    say(`-- (${id}) ${name}: skipped, ${skipped}`);
    return { id, name, figures: [], skipped };
  }
  say(`-- (${id}) ${name}: ${measures}`);
  const taking = takingNow();
  const startedMs = performance.now();
  const elapsedS = () => (performance.now() - startedMs) / 1_000;
  const undo = new Undo();
  const signs = setInterval(() => say(`   ... ${Math.round(elapsedS())} s`), signOfLifeMs);
  const running = run({ ...options, undo, say: (line) => say(`   ${line}`) });
  try {
    const figures = await Promise.race([running, stopped(options.signal)]);
    say(`   ${Math.round(elapsedS())} s`);
    return { id, name, figures, taking: { ...taking, elapsedS: elapsedS() } };
  } catch (error) {
    const failure = options.signal.aborted ? 'stopped' : error instanceof Error ? (error.stack ?? error.message) : String(error);
    say(`   failed: ${failure}`);
    return { id, name, figures: [], failure };
  } finally {
    clearInterval(signs);
    await undone(undo);
    if (options.signal.aborted) {
      // What was just being started is undone once it has started.
      await within(Promise.allSettled([running]), startBoundMs);
      await undone(undo);
    }
  }
}

/** @param {Undo} undo */
function undone(undo) {
  return undo.all().catch((error) => say(`   left something behind: ${error.errors?.join('; ') ?? error}`));
}

/** @param {AbortSignal} signal @returns {Promise<never>} */
function stopped(signal) {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  });
}

/** @param {Outcome} outcome */
function tallyOf({ failure, skipped }) {
  const [passed, failed] = failure === undefined ? [1, 0] : [0, 1];
  return skipped === undefined ? { passed, failed, skipped: 0 } : { passed: 0, failed: 0, skipped: 1 };
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      small: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const isNamed = (/** @type {import('./benches.mjs').Bench} */ { id, name }, /** @type {string} */ word) => word === id || word === name;
  const unknown = positionals.filter((word) => !benches.some((bench) => isNamed(bench, word)));
  const known = benches.map(({ id, name }) => `${id} (${name})`).join(', ');
  if (unknown.length > 0) throw new Error(`no bench ${unknown.join(', ')}; there are ${known}`);
  if (values.small && (values.full || values.write))
    throw new Error('--small goes with neither --full nor --write: it proves, and measures nothing');
  const size = /** @type {import('./benches.mjs').Size} */ (values.small ? 'small' : values.full ? 'full' : 'usual');
  const chosen = positionals.length === 0 ? benches : benches.filter((bench) => positionals.some((word) => isNamed(bench, word)));
  return {
    chosen,
    size,
    profileDir: values.profile,
    isJson: values.json,
    isList: values.list,
    isPage: values.page,
    isWritten: values.write,
  };
}

/** The first Ctrl-C ends the bench under way and keeps what there is, the second ends everything. */
function stopOnSignal() {
  const stop = new AbortController();
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(name, () => {
      say('stopping; what was measured is kept');
      stop.abort();
    });
  }
  return stop.signal;
}

/** @param {readonly Outcome[]} outcomes */
function write(outcomes) {
  const taken = outcomes.flatMap(({ id, figures, taking }) => (taking === undefined ? [] : [[id, { ...taking, figures }]]));
  const unexplained = writePage(benches, Object.fromEntries(taken));
  say(`docs/BENCHMARKS.md is written; ${taken.length} of its benches were measured anew`);
  if (unexplained.length > 0) say(`docs/benchmark-notes.md still lacks the reason why these were missed: ${unexplained.join(', ')}`);
}

/**
 * @param {readonly Outcome[]} outcomes
 * @param {import('./benches.mjs').Size} size
 */
function asJson(outcomes, size) {
  const withRatios = outcomes.map(({ figures, ...rest }) => ({
    ...rest,
    figures: figures.map((figure) => ({ ...figure, ratio: ratioOf(figure), verdict: verdictOf(figure) || undefined })),
  }));
  return JSON.stringify({ size, benches: withRatios }, undefined, 2);
}

async function main() {
  const { chosen, size, profileDir, isJson, isList, isPage, isWritten } = readArguments(import.meta.url, readOptions);
  if (isList) {
    for (const { id, name, measures } of chosen) console.log(`${id} ${name.padEnd(10)} ${measures}`);
    return;
  }
  if (isPage) {
    write([]);
    return;
  }
  const signal = stopOnSignal();
  /** @type {Outcome[]} */
  const outcomes = [];
  // One after another: two at once would measure each other.
  for (const bench of chosen) outcomes.push(await outcomeOf(bench, { size, profileDir, signal }));
  if (isWritten) write(outcomes);
  const tally = addTallies(outcomes.map(tallyOf));
  if (isJson) {
    console.log(asJson(outcomes, size));
    say(tallyLine(tally));
  } else {
    console.log(`\n${figureTable(outcomes.flatMap(({ figures }) => figures))}\n`);
    console.log(tallyLine(tally));
  }
  // A bench that was stopped may still wait for something that no longer comes.
  process.exit(tally.failed === 0 ? 0 : 1);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
