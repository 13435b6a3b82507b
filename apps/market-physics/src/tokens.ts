/** Injection tokens of what has no class. */
export const ADAPTERS = Symbol('Adapters');
export const DUE_QUEUE = Symbol('DueQueue');
