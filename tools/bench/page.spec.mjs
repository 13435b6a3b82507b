import { benches } from './benches.mjs';
import { missedWithoutReason, pageOf, readBook, readNotes, readPage } from './page.mjs';

const taking = { takenAt: '2026-11-21', commit: '12345678', machine: '2 cores', load: 0.1, elapsedS: 61.4 };
const ingest = { id: 'a', name: 'ingest', title: 'Ingest', measures: '', whyNot: () => undefined, run: async () => [] };
const search = { ...ingest, id: 'f', name: 'search', title: 'Search' };
const notes = '# Notes\n\nFor writers.\n\n## page\n\nRead the ratio.\n\n## a\n\nTrades, twice.\n\n### Why\n\nThe disk.\n';

const book = {
  a: {
    ...taking,
    figures: [
      { metric: 'door to visible', ours: 150, theirs: 100, unit: 'rows/s', goal: { ratio: 2 }, spec001: '20,000 rows/s' },
      { metric: 'either | or', ours: 1, unit: 'rows/s' },
    ],
  },
  f: { ...taking, load: 3, figures: [{ metric: 'p99', ours: 12, better: 'less', unit: 'ms', goal: { ours: 10 } }] },
};

describe('the page of benchmarks', () => {
  it('shows figures, goals, words and circumstances', () => {
    const lines = pageOf([ingest, search], book, notes).split('\n');
    expect(lines).toContain('| a | door to visible | ratio at least 2 | 1.50 | **missed** |');
    expect(lines).toContain('| door to visible | 150 | 100 | 1.50 | rows/s | ratio at least 2 | 20,000 rows/s |');
    expect(lines).toContain('| either \\| or | 1.00 |  |  | rows/s |  |  |');
    expect(lines).toContain('Read the ratio.');
    expect(lines).not.toContain('For writers.');
    expect(lines.indexOf('Trades, twice.')).toBeLessThan(lines.indexOf('The disk.'));
    expect(lines).toContain('`npm run bench -- ingest`, 2026-11-21, commit 12345678, 2 cores; 61 s.');
    expect(lines).toContain(
      '`npm run bench -- search`, 2026-11-21, commit 12345678, 2 cores; 61 s; **not alone**: load 3.0 before it began.',
    );
  });

  it('misses the reasons that nobody has written', () => {
    expect(missedWithoutReason(book, notes)).toEqual(['(f) p99']);
  });

  it('in the repository is what its figures and words make, and every missed goal has its reason', () => {
    expect(readPage()).toBe(pageOf(benches, readBook(), readNotes()));
    expect(missedWithoutReason(readBook(), readNotes())).toEqual([]);
  });
});
