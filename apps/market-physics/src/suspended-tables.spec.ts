import { HindcastError } from '@hindcast/contracts';
import { SuspendedTables } from './suspended-tables.js';

/** Looks until the answers are used up; an error among them is thrown. */
async function lookAt(answers: readonly (readonly string[] | Error)[]): Promise<readonly (readonly string[])[]> {
  const abort = new AbortController();
  const left = [...answers];
  const resumed: (readonly string[])[] = [];
  const resumeSuspended = (): Promise<readonly string[]> => {
    const answer = left.shift() ?? [];
    if (left.length === 0) abort.abort();
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  await new SuspendedTables({ resumeSuspended }, { resumed: (tables) => resumed.push(tables) }, { lookIntervalMs: 0 }).run(abort.signal);
  return resumed;
}

describe('SuspendedTables', () => {
  it('resumes what is suspended, whenever it is, and says which tables', async () => {
    expect(await lookAt([[], ['market_states'], [], ['market_states', 'bars_1s']])).toEqual([
      ['market_states'],
      ['market_states', 'bars_1s'],
    ]);
  });

  it('goes on after a store that was away', async () => {
    expect(await lookAt([new HindcastError('STORE_AWAY'), ['market_states']])).toEqual([['market_states']]);
  });

  it('lets a fault of ours through', async () => {
    await expect(lookAt([new TypeError('not of the store'), []])).rejects.toThrow('not of the store');
  });
});
