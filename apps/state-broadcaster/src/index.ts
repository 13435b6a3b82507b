/** state-broadcaster as a part of a process that holds other services too: its module, and what it is given from outside. */
export type { Adapters as StateBroadcasterAdapters, StatesSource } from './adapters.js';
export { AppModule as StateBroadcasterModule } from './app.module.js';
export { broadcasterShape, type BroadcasterConfig } from './config.js';
export { allSymbols } from './subscription.js';
