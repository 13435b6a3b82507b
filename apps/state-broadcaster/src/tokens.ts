/** Injection tokens of what has no class. */
export const ADAPTERS = Symbol('Adapters');
export const BROADCASTER = Symbol('Broadcaster');
