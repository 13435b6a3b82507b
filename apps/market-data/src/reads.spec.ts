import { Reads } from './reads.js';

const staying = new AbortController().signal;
const refusal = expect.objectContaining({ code: 'READS_FULL' }) as Error;

it('takes so many reads and no more, until one has ended', () => {
  const reads = new Reads(2);
  const end = reads.begin(staying);
  reads.begin(staying);
  expect(() => reads.begin(staying)).toThrow(refusal);
  end();
  end();
  reads.begin(staying);
  expect(() => reads.begin(staying)).toThrow(refusal);
});

it('counts a read whose reader has left no longer', () => {
  const reads = new Reads(1);
  const leaving = new AbortController();
  const end = reads.begin(leaving.signal);
  leaving.abort();
  end();
  reads.begin(staying);
  expect(() => reads.begin(staying)).toThrow(refusal);
});

it('counts nothing for a reader who was gone before', () => {
  const reads = new Reads(1);
  reads.begin(AbortSignal.abort());
  reads.begin(staying);
  expect(() => reads.begin(staying)).toThrow(refusal);
});
