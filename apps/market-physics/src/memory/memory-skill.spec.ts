import { jest } from '@jest/globals';
import { usFromIso } from '@hindcast/contracts';
import { parseSkillQuery } from './memory-request.js';
import { definition, finished, MemoryWorld, stock, walkedTrades } from './memory.fixture.js';
import { Memories } from './memories.js';
import { skillReport } from './skill-report.js';

jest.setTimeout(60_000);

const fromUs = usFromIso('2013-10-07')!;
const everything = { memory: definition.id, fromUs: undefined, toUs: undefined, symbols: undefined, measure: true };

async function worldOf(toDay: string): Promise<{ readonly world: MemoryWorld; readonly memories: Memories }> {
  const world = new MemoryWorld();
  const toUs = usFromIso(toDay)!;
  world.show(walkedTrades({ instrument: stock, fromUs, toUs, seed: 1, secondsBetween: 25 }), toUs);
  await world.moments.create({ ...definition, skill: null });
  const memories = new Memories({ moments: world.moments, jobs: world.jobs(), keeper: world.keeper(), ...definition });
  return { world, memories };
}

describe('the skill of a memory', () => {
  it('says nothing of what has come since where nothing has', () => {
    const skill = { fromUs, toUs: fromUs, days: 1, moments: 0, byHorizon: {}, byInstrument: [] };
    const memory = { definition: { ...definition, skill }, inUse: true };
    expect(skillReport(memory, 0).words.join()).not.toContain('since');
    expect(skillReport(memory, 2).words.join()).toContain('2 moments since');
  });

  it('is measured at the end of a build, walking forward over its days, and told by horizon, by instrument and in words', async () => {
    const { world, memories } = await worldOf('2013-10-10');
    expect(await memories.skill(definition.id)).toMatchObject({
      skill: null,
      instruments: [],
      words: [expect.stringMatching(/not been measured/)],
    });
    const jobs = world.jobs();
    expect(await finished(jobs, await jobs.startBuild(everything))).toMatchObject({ state: 'done' });
    const { skill, instruments, words } = await memories.skill(definition.id);
    expect(skill).toMatchObject({ days: 2, by_horizon: { '5m': { coverage: expect.any(Number) } } });
    expect(Object.keys(skill!.by_horizon)).toEqual(['5m', '1h']);
    expect(instruments).toEqual([{ ...stock, by_horizon: skill!.by_horizon }]);
    expect(words).toContainEqual(expect.stringMatching(/^Volatility over 5 minutes: /));
    expect(words).toContainEqual(expect.stringMatching(/^Direction: not foretold/));
    expect(words.at(-1)).toMatch(/on 2 days only/);
    expect(world.failures).toEqual([]);
  });

  it('stays as it was where a build is not to measure it, and where one day leaves nothing to learn from', async () => {
    for (const [toDay, measure] of [
      ['2013-10-10', false],
      ['2013-10-08', true],
    ] as const) {
      const { world, memories } = await worldOf(toDay);
      const jobs = world.jobs();
      await finished(jobs, await jobs.startBuild({ ...everything, measure }));
      expect((await memories.skill(definition.id)).skill).toBeNull();
    }
  });

  it('says how much has come since it was measured, and what measures it anew', async () => {
    const { world, memories } = await worldOf('2013-10-10');
    const jobs = world.jobs();
    await finished(jobs, await jobs.startBuild({ ...everything, toUs: usFromIso('2013-10-09')! }));
    const { skill, words } = await memories.skill(definition.id);
    expect(words.at(-1)).toMatch(/on one day only/);
    await finished(jobs, await jobs.startBuild({ ...everything, measure: false }));
    const later = await world.moments.count(definition.id, { fromUs: usFromIso(skill!.to)! + 1 });
    expect((await memories.skill(definition.id)).words.at(-1)).toBe(
      `${later} moments since ${skill!.to} are not part of that: \`npx hindcast memory build ${definition.id}\` measures it anew.`,
    );
  });

  it('is that of the memory in use where none is named; an unknown one is said', async () => {
    const { world, memories } = await worldOf('2013-10-08');
    await expect(memories.skill()).rejects.toMatchObject({ code: 'MEMORY_UNKNOWN' });
    await world.moments.use(definition.id);
    expect(await memories.skill()).toMatchObject({ memory: definition.id, in_use: true });
    await expect(memories.skill('other')).rejects.toMatchObject({ code: 'MEMORY_UNKNOWN', message: 'There is no memory other.' });
    expect(() => parseSkillQuery({ memory: 'No Name' })).toThrow(/is no name of one/);
  });
});
