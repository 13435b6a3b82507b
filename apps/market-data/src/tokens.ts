/** Injection token of the one port that this service uses. */
export const TICK_STORE = Symbol('TickStore');
