/**
 * Whether a stack and the one process make the same of recorded days, bit for bit:
 *
 *   node tools/e2e/same-in-both-modes.mjs [--symbols SPY,IBM,BAC,AIG] [--from 2013-10-07] [--to 2013-10-09]
 *
 * Imports the LEAN days of HINDCAST_DATA into one process and into a stack, each in a folder and on ports of its own, and holds
 * market_states (every column), trades and quotes against each other: rows and hash of each symbol. A part of
 * tools/e2e/import.int.spec.mjs with more days, for when states are worked on. Exit code 1 where anything differs. Takes some minutes;
 * wants the servers and the model (`npm run setup`).
 */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { readArguments } from '../usage.mjs';
import { firstDifference } from './contents.mjs';
import { HindcastUnderTest } from './hindcast-under-test.mjs';
import { servedRows } from './served-contents.mjs';
import { StandaloneUnderTest } from './standalone-under-test.mjs';
import { importOf } from './torture/standalone-kills.mjs';
import { variables } from './scenes.mjs';

const tables = ['states', 'trades', 'quotes'];
const dayMs = 86_400_000;

const { symbols, days } = readArguments(import.meta.url, () => {
  const { values } = parseArgs({
    options: {
      symbols: { type: 'string', default: 'SPY,IBM,BAC,AIG' },
      from: { type: 'string', default: '2013-10-07' },
      to: { type: 'string', default: '2013-10-09' },
    },
  });
  const [first, last] = [values.from, values.to].map((day) => Date.parse(day));
  if (!(first <= last)) throw new Error(`--from ${values.from} --to ${values.to}: allowed are two days, as 2013-10-07, in their order`);
  const count = (last - first) / dayMs + 1;
  return {
    symbols: values.symbols.split(','),
    days: Array.from({ length: count }, (_, day) => new Date(first + day * dayMs).toISOString().slice(0, 10)),
  };
});

/** By table and symbol. */
async function contentsOf(hindcast) {
  const contents = new Map();
  for (const table of tables)
    for (const symbol of symbols) contents.set(`${table} ${symbol}`, await servedRows(hindcast, table, { symbol }));
  return contents;
}

/** Imports everything into it and reads it back; it is gone afterwards. */
async function madeBy(name, hindcast) {
  try {
    const began = performance.now();
    const { accepted, rejected, late, ledger } = await hindcast.json(importOf({ symbols, days, kinds: 'trades,quotes' }));
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    console.log(`${name}: ${accepted} rows accepted, ${rejected} rejected, ${late} late in ${seconds} s; verified ${ledger.verified}`);
    return await contentsOf(hindcast);
  } finally {
    await hindcast.dispose();
  }
}

async function startedStack() {
  const stack = await HindcastUnderTest.create(variables);
  await stack.startDetached();
  return stack;
}

console.log(`${symbols.join(', ')} from ${days[0]} to ${days.at(-1)}, in ${tmpdir()}`);
const standalone = await madeBy('one process', await StandaloneUnderTest.start(variables));
const stack = await madeBy('stack', await startedStack());

for (const [name, lines] of standalone) {
  const difference = firstDifference(lines, stack.get(name));
  const hash = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
  console.log(`${name.padEnd(12)} ${String(lines.length).padStart(9)} rows  ${difference ? 'DIFFERS' : `same, sha256 ${hash}`}`);
  if (difference === undefined) continue;
  console.log(JSON.stringify(difference, null, 2));
  process.exitCode = 1;
}
