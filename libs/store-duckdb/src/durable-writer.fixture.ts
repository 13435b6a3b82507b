/**
 * A process that writes batches and says so, until it is killed: `node durable-writer.fixture.ts DIR FROM`. Every batch holds
 * rows of a hundred instruments; it writes pieces of one to eight batches, and reads meanwhile.
 */
import { writeSync } from 'node:fs';
import { DuckDbTickStore } from './index.js';
import { everything, hundredBatch, hundredInstruments } from './store.fixture.js';

const [dir, from] = process.argv.slice(2);
const store = await DuckDbTickStore.open({ dir, attachedMax: 40, walBytesMax: 1_000_000 });
writeSync(1, 'open\n');
for (let number = Number(from); ;) {
  const count = 1 + (number % 8);
  await store.writeTicks(
    Array.from({ length: count }, (_, at) => hundredBatch(number + at)),
    { streamId: 'log' },
  );
  for (const { symbol, code, message } of store.outages()) writeSync(2, `${symbol} is out: ${code}, ${message}\n`);
  number += count;
  // At once, not through a buffer that dies with the process.
  writeSync(1, `${number - 1}\n`);
  for await (const piece of store.trades(everything(hundredInstruments[number % 100]))) if (piece.length === 0) break;
}
