/**
 * market-data as a part of a process that holds other services too: its module, what it is given from outside, and how
 * ranges are read and answered.
 */
export type { Adapters as MarketDataAdapters } from './adapters.js';
export { AppModule as MarketDataModule } from './app.module.js';
export { marketDataShape, type MarketDataConfig } from './config.js';
export { RangeAnswerer } from './range-answerer.js';
export { rangeAnswers } from './range-answers.js';
export { parseRange, rangeShape } from './range-query.js';
export { RangeReader } from './range-reader.js';
export { rangeErrors } from './ranges.controller.js';
export { StateRangesController } from './state-ranges.controller.js';
