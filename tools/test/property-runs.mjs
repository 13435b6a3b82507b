import fc from 'fast-check';

/** Loaded before each test file where HINDCAST_TEST_RUNS is set: property tests ask for it, or keep to a few runs. */
fc.configureGlobal({ numRuns: Number(process.env.HINDCAST_TEST_RUNS) });
