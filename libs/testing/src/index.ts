/**
 * What tests share: conformance suites of the ports, generators of ticks and batches, and real servers of their own.
 * Libraries and apps import it in specs only; it decides nothing that runs in production.
 */
export * from './local-servers/index.js';
