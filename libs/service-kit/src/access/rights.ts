/**
 * What a key allows. `read` looks, `write` puts something in, `admin` may do all of it and what changes what was there
 * before. `write` alone does not read: a feed that only delivers needs no more.
 */
export const rights = ['read', 'write', 'admin'] as const;
export type Right = (typeof rights)[number];

/** Of a key that holds both: what the services ask of one another, and neither a feed nor a desk should do. */
export type AskedRight = Right | 'read+write';

/** What a route may ask for: `none` is open to everybody. */
export type NeededRight = Right | 'none';

export function allows(held: readonly Right[], needed: AskedRight): boolean {
  return held.includes('admin') || needed.split('+').every((right) => held.includes(right as Right));
}

/** As messages have it: `the right read`, `the rights read and write`. */
export function wordsOf(needed: AskedRight): string {
  return needed === 'read+write' ? 'the rights read and write' : `the right ${needed}`;
}

const readingMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** As `Needs` has stated it; a path without a route asks for what its method usually does. */
export function rightOfRoute(method: string, { right }: { readonly right?: NeededRight }): NeededRight {
  return right ?? (readingMethods.includes(method) ? 'read' : 'write');
}

/** A call that only streams answers reads; of the others a door names those that read too. */
export function rightOfCall(method: { readonly requestStream: boolean; readonly responseStream: boolean }): Right {
  return method.responseStream && !method.requestStream ? 'read' : 'write';
}
