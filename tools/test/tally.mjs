/** Counting what jest reports: the one line by which people and scripts judge a run. */

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 * @typedef {object} JestResults the part of jest's --json that we read
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {number} numRuntimeErrorTestSuites files that could not even be loaded
 */

/**
 * A file that cannot be loaded counts as one failure, and so does a run that ends badly for a reason that no test has.
 * @param {JestResults | undefined} results undefined where jest ended before it had any
 * @param {number} exitCode
 * @returns {Tally}
 */
export function tallyOf(results, exitCode) {
  if (results === undefined) return { passed: 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  return {
    passed: results.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

/** @param {readonly Tally[]} tallies @returns {Tally} */
export function addTallies(tallies) {
  const sum = (/** @type {keyof Tally} */ name) => tallies.reduce((total, tally) => total + tally[name], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** @param {Tally} tally */
export function tallyLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
