import { addTallies, tallyLine, tallyOf } from './tally.mjs';

const results = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 2, numTodoTests: 1, numRuntimeErrorTestSuites: 0 };

describe('the tally of a test run', () => {
  it('counts tests without a server as skipped', () => {
    expect(tallyOf(results, 0)).toEqual({ passed: 5, failed: 0, skipped: 3 });
  });

  it('counts a file that cannot be loaded as a failure', () => {
    expect(tallyOf({ ...results, numRuntimeErrorTestSuites: 2, numFailedTests: 1 }, 1)).toEqual({ passed: 5, failed: 3, skipped: 3 });
  });

  it('never calls a run good that ended badly', () => {
    expect(tallyOf(results, 1).failed).toBe(1);
    expect(tallyOf(undefined, 1).failed).toBe(1);
  });

  it('adds runs up to one line', () => {
    expect(tallyLine(addTallies([tallyOf(results, 0), { passed: 1, failed: 1, skipped: 0 }]))).toBe('6 passed, 1 failed, 3 skipped');
  });
});
