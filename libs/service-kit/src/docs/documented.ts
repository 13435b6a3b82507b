import type { ErrorCode } from '@hindcast/contracts';
import type { z } from 'zod';

/** A JSON Schema as it stands, for what zod does not read. */
export interface PlainSchema {
  readonly [keyword: string]: unknown;
}

/** What cannot be seen from a route's method and its comment; `npm run docs:api` makes the OpenAPI document from all three. */
export interface RouteNotes {
  /** The schemas that the route parses with, so that they cannot say different things. */
  readonly path?: z.ZodRawShape;
  readonly query?: z.ZodRawShape;
  /** Of JSON, or of each content type that is read. */
  readonly body?: z.ZodType | Readonly<Record<string, PlainSchema>>;
  /** By content type, where the answer is not JSON of the type that the method returns. */
  readonly answers?: Readonly<Record<string, z.ZodType | PlainSchema>>;
  /** Statuses that carry the same body as a success. */
  readonly sameBody?: Readonly<Record<number, string>>;
  /** Failures of its own, beside those that its parameters, its body, its key and every request can have. */
  readonly errors?: readonly ErrorCode[];
}

const notesKey = 'hindcast:route-notes';

export const Documented =
  (notes: RouteNotes): MethodDecorator =>
  (_prototype, _name, descriptor) =>
    Reflect.defineMetadata(notesKey, notes, descriptor.value as object);

export function routeNotesOf(handler: object): RouteNotes {
  return (Reflect.getMetadata(notesKey, handler) as RouteNotes | undefined) ?? {};
}
