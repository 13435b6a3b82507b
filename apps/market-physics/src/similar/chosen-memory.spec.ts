import type { MemorySkill } from '@hindcast/memory';
import { HeldMoments } from '@hindcast/testing';
import { definition } from '../memory/memory.fixture.js';
import { chosenMemory } from './chosen-memory.js';

const skill: MemorySkill = { fromUs: 100, toUs: 200, days: 2, moments: 10, byHorizon: {}, byInstrument: [] };

it('hides a skill that was measured on moments which the question may not know of, named or in use', async () => {
  const store = new HeldMoments();
  await store.create({ ...definition, knownAtUs: 0, skill });
  await store.use(definition.id);
  for (const memory of [undefined, definition.id]) {
    expect(await chosenMemory(store, { memory, asOfUs: 199 })).toMatchObject({ skill: null });
    expect(await chosenMemory(store, { memory, asOfUs: 200 })).toMatchObject({ skill });
    expect(await chosenMemory(store, { memory, asOfUs: undefined })).toMatchObject({ skill });
  }
});
