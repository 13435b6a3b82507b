/** Every service in one process on embedded stores, from outside: what goes in, what comes out, what it costs. */
import { standaloneIngest } from './standalone-ingest.mjs';

/**
 * @param {import('../benches.mjs').BenchRun} run
 * @returns {Promise<import('../figure.mjs').Figure[]>}
 */
export async function runStandaloneBench(run) {
  return await standaloneIngest(run);
}
