import { ReadsUnderWay } from './reads-under-way.js';

it('bounds the reads of one caller and of all, and gives the room back once', () => {
  const reads = new ReadsUnderWay({ readsMax: 3, readsPerCallerMax: 2 });
  const [first] = [reads.begin('desk'), reads.begin('desk')];
  expect(() => reads.begin('desk')).toThrow('2 ranges are read by desk, as many at once as HINDCAST_READS_PER_CALLER_MAX allows.');
  reads.begin('10.0.0.7');
  expect(() => reads.begin('10.0.0.8')).toThrow(expect.objectContaining({ code: 'READS_FULL' }));
  first();
  first();
  reads.begin('10.0.0.8');
  expect(() => reads.begin('desk')).toThrow('3 ranges are read, as many at once as HINDCAST_READS_MAX allows.');
});
