/** The one process killed at random moments of an import, and the import with it: nothing may be lost, nothing doubled. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { dataDirectory, seededRandom } from '@hindcast/testing';
import { embeddingsOf } from '../contents.mjs';
import { replayDisturbed } from '../disturbed-replay.mjs';
import { planDisturbances, planText } from '../disturbances.mjs';
import { servedCounts, servedRows } from '../served-contents.mjs';
import { StandaloneUnderTest } from '../standalone-under-test.mjs';
import { unlessInterrupted } from './interruption.mjs';
import { countFaults } from './recorded-counts.mjs';

/** Of fifty kills, this many disturb the import as well. */
const interruptsOfKills = 0.1;

/** What is compared, and how it is read; the same of an undisturbed import. */
export const servedReaders = {
  trades: (standalone, symbol) => servedRows(standalone, 'trades', { symbol }),
  quotes: (standalone, symbol) => servedRows(standalone, 'quotes', { symbol }),
  market_states: (standalone, symbol) => servedRows(standalone, 'states', { symbol }),
  market_state_embeddings: ({ dataHome }, symbol) => embeddingsOf({ home: dataHome }, [symbol]),
};

/** `hindcast import` of recorded days: a pattern a symbol and day. */
export function importOf({ symbols, days, kinds }) {
  const folder = join(dataDirectory, 'lean/equity/usa/tick');
  const kind = kinds.split(',').map((name) => name.replace(/s$/, ''));
  const files = symbols.flatMap((symbol) =>
    days.map((day) => join(folder, symbol.toLowerCase(), `${day.replaceAll('-', '')}_{${kind.join(',')},}.zip`)),
  );
  return ['import', ...files, '--yes', '--wait-embeddings'];
}

/** @returns {Promise<readonly string[]>} what is wrong */
export async function playStandaloneKills(world) {
  const { seed, kills, rows, say } = world;
  const random = seededRandom(seed);
  const plan = planDisturbances({ random, rows, kills, victims: ['standalone'], interrupts: Math.ceil(kills * interruptsOfKills) });
  // In half of the runs the log keeps nothing that everybody has: what comes again is then looked up in the store.
  const keepsLog = random() < 0.5;
  say(`log ${keepsLog ? 'kept' : 'trimmed as soon as possible'}; rows received and whom it hits: ${planText(plan)}`);
  const standalone = await StandaloneUnderTest.start({ ...world.variables, ...(keepsLog ? {} : { HINDCAST_LOG_KEEP_ROWS: '0' }) });
  try {
    return await unlessInterrupted(live(standalone, world, plan));
  } finally {
    await standalone.dispose();
  }
}

async function live(standalone, world, plan) {
  const beganMs = performance.now();
  const say = (text) => world.say(`${((performance.now() - beganMs) / 1_000).toFixed(1)} s, ${text}`);
  const { met } = await replayDisturbed(standalone, world.replay, plan, { say });
  await standalone.whenReady();
  say(`${met.length} disturbances`);
  const missed = met.length < plan.length ? [`only ${met.length} of ${plan.length} disturbances met the import under way`] : [];
  return [...missed, ...(await examineStandalone(standalone, world))];
}

/** Everything that must be so after trouble: the ledger, the counts, the same bits, and files that open without their process. */
export async function examineStandalone(standalone, { kept, recorded, symbols }) {
  const verified = await standalone.json(['ledger', 'verify']);
  const faults = [
    ...(verified.balanced && verified.verified ? [] : [`the ledger says ${JSON.stringify(verified)}`]),
    ...countFaults(await servedCounts(standalone, symbols), recorded),
    ...(await kept.faultsOf(standalone)),
  ];
  const ended = await standalone.end('SIGTERM');
  return [...faults, ...(ended === 0 ? [] : [`it ended with ${ended}`]), ...(await fileFaults(standalone, symbols))];
}

async function fileFaults(standalone, symbols) {
  const files = standalone.storeFiles();
  const faults = files.length === symbols.length ? [] : [`there are ${files.length} files of ${symbols.length} instruments`];
  for (const file of files) {
    const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' }).catch((error) => error);
    if (instance instanceof Error) faults.push(`${file} does not open: ${instance.message}`);
    else instance.closeSync();
  }
  return faults;
}
