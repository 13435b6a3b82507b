/**
 * `npm run test:fuzz`: a stack of its own gets inputs that nobody wrote down, for a minute or as long as is asked. After
 * each one there must be a clear answer; after every hundred all services are alive and within their memory, the ledger
 * balances and nothing was stored. All follows from the seed, which is printed.
 *
 *   npm run test:fuzz                               a minute
 *   npm run test:fuzz -- --minutes 60 --seed 7      an hour, from this seed
 *   npm run test:fuzz -- --seed 7 --only 1234       that one input again
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { whyNoQuestDb, whyNoRedis } from '@hindcast/testing';
import { StackUnderAttack } from '../e2e/bad-inputs/stack-under-attack.mjs';
import { readArguments } from '../usage.mjs';
import { input } from './inputs.mjs';
import { isClear, sendInput } from './send.mjs';

/** Inputs are drawn in series, each from a seed of its own, so that one can be drawn again without those before it. */
const seriesLength = 100;
const atOnce = 10;
const shownBytesMax = 2_000;

export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, only: { type: 'string' } },
  });
  const number = (name, text) => {
    if (!/^\d{1,9}(\.\d+)?$/.test(text)) throw new Error(`--${name} ${text}: allowed is a number`);
    return Number(text);
  };
  return {
    minutes: number('minutes', values.minutes),
    seed: number('seed', values.seed ?? String(Math.floor(Math.random() * 1e9))),
    only: values.only === undefined ? undefined : number('only', values.only),
  };
}

/** The inputs of one series; the same for the same seed. */
export function seriesOf(seed, series) {
  return fc.sample(input, { seed: (seed + series * 7_919) | 0, numRuns: seriesLength });
}

export async function fuzz({ minutes, seed, only, say }) {
  const world = await StackUnderAttack.start();
  const outcomes = new Map();
  const faults = [];
  const play = async (number, one) => {
    const outcome = await sendInput(world, one).catch((error) => `closed (${error.cause?.code ?? error.message})`);
    const kind = `${one.kind}: ${outcome.split(' ').slice(0, 2).join(' ').slice(0, 40)}`;
    outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    if (!isClear(outcome)) faults.push(`input ${number} of seed ${seed}, ${one.kind}: ${outcome}\n  ${shown(one)}`);
  };
  try {
    const memory = await world.memory();
    let deadline = performance.now() + minutes * 60_000;
    // Ctrl-C ends it in order: no stack is left behind.
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (deadline = 0));
    let sent = 0;
    for (let series = only === undefined ? 0 : Math.floor(only / seriesLength); faults.length === 0; series++) {
      const inputs = seriesOf(seed, series).map((one, at) => ({ one, number: series * seriesLength + at }));
      const chosen = inputs.filter(({ number }) => only === undefined || number === only);
      for (let at = 0; at < chosen.length; at += atOnce)
        await Promise.all(chosen.slice(at, at + atOnce).map(({ one, number }) => play(number, one)));
      sent += only === undefined ? inputs.length : 1;
      await world
        .mustBeUnharmed()
        .catch((error) => faults.push(`after inputs ${inputs[0].number} to ${inputs.at(-1).number} of seed ${seed}: ${error.message}`));
      if (only !== undefined || performance.now() > deadline) break;
    }
    say(`${sent} inputs from seed ${seed}; memory before ${megabytes(memory)}, after ${megabytes(await world.memory())}`);
    for (const [kind, count] of [...outcomes].sort()) say(`  ${String(count).padStart(7)}  ${kind}`);
  } finally {
    await world.dispose();
  }
  return faults;
}

function shown({ bytes, ...rest }) {
  const text = JSON.stringify({ ...rest, ...(bytes === undefined ? {} : { base64: bytes.toString('base64') }) });
  return text.slice(0, shownBytesMax);
}

function megabytes(sizes) {
  return Object.entries(sizes)
    .map(([name, bytes]) => `${name} ${Math.round(bytes / 1e6)} MB`)
    .join(', ');
}

async function main() {
  const options = readArguments(import.meta.url, () => readOptions(process.argv.slice(2)));
  const missing = whyNoQuestDb() ?? whyNoRedis();
  if (missing !== undefined) {
    console.log(`skipped: ${missing}\n0 passed, 0 failed, 1 skipped`);
    return;
  }
  console.log(`seed ${options.seed}, ${options.minutes} minutes`);
  const faults = await fuzz({ ...options, say: console.log });
  for (const fault of faults) console.log(fault);
  console.log(faults.length === 0 ? '1 passed, 0 failed, 0 skipped' : '0 passed, 1 failed, 0 skipped');
  process.exitCode = faults.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
