import type { LanceTable } from './lance-table.js';

/** Each change leaves a fragment. */
const fragmentsMax = 50;

/** Rows of these memories alone are left in a table that has a column of them. */
export async function keepRowsOf(memories: readonly string[], table: LanceTable): Promise<void> {
  await table.write(`Forgetting rows of ${table.name}`, async (opened) => {
    const named = memories.map((id) => `'${id}'`).join(', ');
    await (await opened()).delete(named === '' ? 'true' : `memory NOT IN (${named})`);
  });
}

/** True where small files were put together. */
export async function putTogether(table: LanceTable): Promise<boolean> {
  return table.write(`Putting ${table.name} together`, async (opened) => {
    const rows = await opened();
    const { fragmentStats } = await rows.stats();
    if (fragmentStats.numFragments <= fragmentsMax) return false;
    await rows.optimize({ cleanupOlderThan: table.directory.cleanupOlderThan });
    return true;
  });
}
