/**
 * Makes `libs/memory/src/base-memory-fit.ts` and `base-memory-skill.ts`: scaler, weights, errors and skill of the memory that ships with Hindcast, fitted on recorded
 * days. `node tools/memory/fit-base-memory.mjs <folder with equity/>`, after a build; anybody with the days gets the same files.
 */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordedMoments } from '../../apps/cli/dist/skill/recorded-moments.js';
import { ScratchDatabase } from '../../libs/feeds/dist/index.js';
import { usEquities } from '../../libs/market/dist/index.js';
import { baseMemoryId, defaultHorizons, defaultWeights, fitMemory, skillOf } from '../../libs/memory/dist/index.js';
import { systemClock } from '../../libs/ports/dist/index.js';
import { projectRoot } from '../stack/settings.mjs';

const days = { fromDay: '2013-10-07', toDay: '2013-10-09' };
const symbols = ['SPY', 'IBM', 'BAC', 'AIG'];
/** The study's step; closer ones are the same moments again. */
const stepMs = 30_000;

const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('Which folder holds equity/? node tools/memory/fit-base-memory.mjs <folder>');

const columns = await momentsOf(dataDir);
const knownAtUs = /** @type {import('@hindcast/market').Session} */ (usEquities.sessionOn(days.toDay)).closeUs;
const { version, errors, rSquared } = fitMemory(columns, {
  id: baseMemoryId,
  fromUs: 0,
  // What was known when the last session had closed, its last moment included.
  toUs: knownAtUs + 1,
  weights: defaultWeights,
  search: 'keep',
});
const { weights, scaler } = version;
const skill = skillOf(columns, version);
const origin = `Made by tools/memory/fit-base-memory.mjs from ${symbols.join(', ')}, ${days.fromDay} to ${days.toDay}; not to be written by hand.`;
const folder = join(projectRoot, 'libs/memory/src');
await writeFile(
  join(folder, 'base-memory-fit.ts'),
  `import type { MemoryFit } from './study/fit-memory.js';

/** ${origin} */
export const baseFit: Pick<MemoryFit['version'], 'weights' | 'scaler'> & Pick<MemoryFit, 'errors'> & { readonly knownAtUs: number } =
  ${JSON.stringify({ weights, scaler, errors, knownAtUs })};
`,
);
await writeFile(
  join(folder, 'base-memory-skill.ts'),
  `import type { MemorySkill } from './memory-definition.js';

/** ${origin} */
export const baseSkill: MemorySkill = ${JSON.stringify(skill)};
`,
);
console.log(`${folder}: ${columns.length} moments, R2 of five minutes' volatility ${rSquared.toFixed(3)}; format both files with prettier`);

/** @param {string} data */
async function momentsOf(data) {
  const scratch = new ScratchDatabase(tmpdir());
  try {
    const asked = { symbols, ...days, stateIntervalMs: stepMs, horizons: defaultHorizons };
    return (await recordedMoments({ ...asked, data, clock: systemClock, scratch })).columns;
  } finally {
    await scratch.close();
  }
}
