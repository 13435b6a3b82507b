import { HindcastError } from '@hindcast/contracts';
import { z } from 'zod';
import { describeFault, fieldFaults } from './field-faults.js';

/** A query string or path parameters: every field known, or FIELD_INVALID with all that is wrong. */
export function parseQuery<S extends z.ZodRawShape>(shape: S, query: unknown): z.infer<z.ZodObject<S>> {
  return parseFields(z.strictObject(shape) as unknown as z.ZodObject<S>, query ?? {});
}

/** A JSON body (or message) of the schema, or FIELD_INVALID naming field, value and what is allowed. */
export function parseFields<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = fieldFaults(parsed.error, schema, value);
  throw new HindcastError('FIELD_INVALID', faults.map(describeFault).join('; '), {
    details: { fields: faults.map(({ field, allowed }) => ({ field, allowed })) },
  });
}
