/**
 * `npm run test:torture`: the recorded days once in peace, and then again while servers and services are killed, and in
 * scenes of trouble. Each must end with the same rows, states and vectors, bit for bit, and a ledger that verifies. What
 * happens follows from the seed, which is printed.
 *
 *   npm run test:torture                            the kills and every scene
 *   npm run test:torture -- --kills 50 --seed 7     the kills alone; as many, from this seed
 *   npm run test:torture -- --scene redis-away      one scene; --scene list names them
 *   npm run test:torture -- --standalone --kills 50 the one process of npm start, killed during an import
 *   --symbols SPY,IBM --from 2013-10-07 --to 2013-10-08 --kinds trades,quotes    less, or more, of the recorded days
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { whyNoLeanData, whyNoQuestDb, whyNoRedis } from '@hindcast/testing';
import { readArguments } from '../usage.mjs';
import { HindcastUnderTest } from './hindcast-under-test.mjs';
import { replayOf, variables } from './scenes.mjs';
import { StandaloneUnderTest } from './standalone-under-test.mjs';
import { endOnSignals, Interrupted, unlessInterrupted } from './torture/interruption.mjs';
import { playKills } from './torture/kills.mjs';
import { KeptContents } from './torture/kept-contents.mjs';
import { recordedCounts } from './torture/recorded-counts.mjs';
import { scenes } from './torture/scenes.mjs';
import { importOf, playStandaloneKills, servedReaders } from './torture/standalone-kills.mjs';

const killsDefault = 50;
/** The kills want a long replay, a scene one that is soon over. */
const wholeRecord = { symbols: 'SPY,IBM,BAC,AIG', to: '2013-10-09' };
const smallRecord = { symbols: 'IBM,AIG', to: '2013-10-08' };
const dayMs = 86_400_000;

function readOptions() {
  const text = (fallback) => ({ type: /** @type {const} */ ('string'), default: fallback });
  const { values } = parseArgs({
    options: {
      kills: { type: 'string' },
      seed: text(process.env.HINDCAST_SEED || String(Math.floor(Math.random() * 1e9))),
      scene: { type: 'string', multiple: true },
      symbols: { type: 'string' },
      from: text('2013-10-07'),
      to: { type: 'string' },
      kinds: text('trades,quotes'),
      standalone: { type: 'boolean', default: false },
    },
  });
  const named = values.scene ?? (values.kills === undefined && !values.standalone ? scenes.map(({ name }) => name) : []);
  const unknown = named.filter((name) => name !== 'list' && !scenes.some((scene) => scene.name === name));
  if (unknown.length > 0) throw new Error(`--scene ${unknown[0]}: allowed are ${scenes.map(({ name }) => name).join(', ')}, or list`);
  const kills = values.scene === undefined ? wholeNumber('kills', values.kills ?? String(killsDefault)) : 0;
  return { ...values, kills, seed: wholeNumber('seed', values.seed), named };
}

function wholeNumber(option, value) {
  if (!/^\d{1,9}$/.test(value)) throw new Error(`--${option} ${value}: allowed is a whole number`);
  return Number(value);
}

function daysOf({ from, to }) {
  const days = (Date.parse(to) - Date.parse(from)) / dayMs;
  return Array.from({ length: days + 1 }, (_, day) => new Date(Date.parse(from) + day * dayMs).toISOString().slice(0, 10));
}

/** What every part is played with: the data, how it is replayed, and what must come out. */
async function prepare(options, record, folder) {
  const { kinds, seed, kills, from, to = record.to, standalone } = options;
  const symbols = (options.symbols ?? record.symbols).split(',');
  const days = daysOf({ from, to });
  const recorded = recordedCounts({ symbols, kinds: kinds.split(','), days });
  const rows = Object.values(recorded).reduce((sum, count) => sum + count, 0);
  const kept = new KeptContents({ folder, symbols, ...(standalone ? { readers: servedReaders } : {}) });
  const replay = standalone ? importOf({ symbols, days, kinds }) : replayOf({ from, to, kinds, of: symbols });
  const world = { symbols, seed, kills, recorded, rows, kept, replay, variables, say: (text) => console.log(`  ${text}`) };
  console.log(`\nin peace: ${rows.toLocaleString('en')} rows of ${symbols.join(', ')}`);
  const stack = standalone ? await StandaloneUnderTest.start(variables) : await HindcastUnderTest.create(variables);
  try {
    if (stack instanceof HindcastUnderTest) await unlessInterrupted(stack.startDetached());
    await unlessInterrupted(playInPeace(stack, world));
  } finally {
    await stack.dispose();
  }
  return world;
}

async function playInPeace(stack, { replay, kept, say }) {
  const { rows_a_second: speed } = await stack.json(replay);
  say(`${speed.toLocaleString('en')} rows a second; kept ${JSON.stringify(await kept.keep(stack))}`);
}

/** @returns {Promise<'passed' | 'failed' | 'skipped'>} */
async function play({ name, title, play: act, whyNot = () => undefined }, world) {
  console.log(`\n${name}: ${title}`);
  const reason = whyNot(world);
  if (reason !== undefined) {
    world.say(`skipped: ${reason}`);
    return 'skipped';
  }
  const beganMs = performance.now();
  const faults = await act(world).catch((error) => {
    if (error instanceof Interrupted) throw error;
    return [error.stack];
  });
  for (const fault of faults) world.say(`FAILED: ${fault}`);
  world.say(`${faults.length === 0 ? 'passed' : 'failed'} after ${Math.round((performance.now() - beganMs) / 1_000)} s`);
  return faults.length === 0 ? 'passed' : 'failed';
}

async function main() {
  const options = readArguments(import.meta.url, readOptions);
  if (options.named.includes('list')) {
    for (const { name, title } of scenes) console.log(`${name.padEnd(24)} ${title}`);
    return;
  }
  const missing = whyNoLeanData() ?? (options.standalone ? undefined : (whyNoQuestDb() ?? whyNoRedis()));
  if (missing !== undefined) {
    console.log(`skipped: ${missing}\n0 passed, 0 failed, 1 skipped`);
    return;
  }
  console.log(`--seed ${options.seed}`);
  const kills = options.standalone
    ? { name: 'kills', title: `${options.kills} times SIGKILL to the one process during an import`, play: playStandaloneKills }
    : { name: 'kills', title: `${options.kills} times SIGKILL during the replay`, play: playKills };
  const results = [
    ...(await playAll(options.kills > 0 ? [kills] : [], options, wholeRecord)),
    ...(await playAll(
      scenes.filter(({ name }) => options.named.includes(name)),
      options,
      smallRecord,
    )),
  ];
  const count = (result) => results.filter((one) => one === result).length;
  console.log(`\n${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  process.exitCode = count('failed') === 0 ? 0 : 1;
}

/** Parts that are played with the same days, held against one undisturbed replay of them. */
async function playAll(parts, options, record) {
  if (parts.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), 'hindcast-torture-'));
  try {
    const world = await prepare(options, record, folder);
    const results = [];
    for (const part of parts) results.push(await play(part, world));
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

endOnSignals();
try {
  await main();
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  console.log(`\n${error.message}; what was started is ended`);
  // What was being waited for would go on being waited for.
  process.exit(128 + constants.signals[error.signal]);
}
