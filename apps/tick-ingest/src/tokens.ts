/** Injection token of what has no class. */
export const ADAPTERS = Symbol('Adapters');
