/** A process that writes memories until it is killed, and says each step before it takes it and once it is done. */
import { allRowsOf, keptMemory, pieceOf, sideMemory } from './killed-moments.fixture.js';
import { LanceMomentStore } from './lance-moment-store.js';

const [uri, firstPiece, firstSide] = process.argv.slice(2);

function say(words: string): void {
  process.stdout.write(`${words}\n`);
}

async function step(words: string, task: () => Promise<unknown>): Promise<void> {
  say(`begin ${words}`);
  await task();
  say(`done ${words}`);
}

const store = await LanceMomentStore.open({ uri });
await store.ensureTables();
await store.create(keptMemory);
say('open');

/** Beside the writes, as in a service. */
async function keepUp(): Promise<void> {
  for (;;) if (await store.optimize(keptMemory.id)) say('renewed');
}
void keepUp();

/** More than it is left to write before it is killed; an index of ever more rows would never be built. */
const piecesMax = 10;

let side = Number(firstSide);
for (let piece = Number(firstPiece); piece < Number(firstPiece) + piecesMax; piece += 1) {
  const moments = pieceOf(piece);
  await step(`write ${piece}`, () => store.upsert(keptMemory.id, moments, allRowsOf(moments)));
  // Again, as when outcomes become known.
  await store.upsert(keptMemory.id, moments, allRowsOf(moments).subarray(0, 50));
  await step(`span ${piece}`, () => store.recordSpan(keptMemory.id, { market: 'usa/equity', symbol: 'SPY', fromUs: 0, toUs: piece }));
  side += 1;
  await step(`create ${side}`, () => store.create(sideMemory(side)));
  await store.upsert(sideMemory(side).id, moments, allRowsOf(moments).subarray(0, 10));
  await step(`use ${side}`, () => store.use(sideMemory(side).id));
  for (const { definition, inUse } of await store.memories()) {
    if (!inUse && definition.id !== keptMemory.id) await step(`drop ${definition.id.slice(5)}`, () => store.drop(definition.id));
  }
}
