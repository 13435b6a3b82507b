import { hash, randomBytes } from 'node:crypto';
import { HindcastError, usFromIso } from '@hindcast/contracts';
import { z } from 'zod';
import { describeFault, fieldFaults } from '../field-faults.js';
import { rights } from './rights.js';

/** Each request is compared with every key, so that the time it takes tells nothing: there must not be many. */
const keysMax = 256;
export const keyFileBytesMax = 256 * 1024;

const prefix = 'hc_';
const secretBytes = 32;

const entrySchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
    .describe('1 to 64 of a-z 0-9 . _ -, the first one a letter or a digit'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('the SHA-256 of the key, 64 hexadecimal digits in lower case'),
  rights: z
    .array(z.enum(rights))
    .min(1)
    .describe(`a list of ${rights.join(', ')}`),
  expires: z
    .string()
    .refine((text) => usFromIso(text) !== undefined)
    .optional()
    .describe('a time in ISO 8601, as 2027-01-01T00:00:00Z'),
});

const fileSchema = z.array(entrySchema).max(keysMax).describe(`a list of at most ${keysMax} keys`);

/** A key as the file keeps it: who it was given to, and a hash that it can be known by but not made from. */
export type KeyEntry = z.infer<typeof entrySchema>;

/** A new key. It is random enough that a plain hash of it cannot be searched for. */
export function newKey(): string {
  return prefix + randomBytes(secretBytes).toString('base64url');
}

export function keyHash(key: string): string {
  return hash('sha256', key, 'hex');
}

/** CONFIG_INVALID, naming the field. Neither the text nor a hash is shown: somebody may have put a key there. */
export function parseKeyFile(text: string, file: string): readonly KeyEntry[] {
  const input = parsedJson(text, file);
  const parsed = fileSchema.safeParse(input);
  if (!parsed.success) {
    const faults = fieldFaults(parsed.error, fileSchema, input).map(({ field, value, allowed }) =>
      describeFault({ field: field === '' ? 'the whole' : field, value: value === undefined ? undefined : '***', allowed }),
    );
    throw invalid(file, faults.join('; '));
  }
  for (const field of ['name', 'sha256'] as const) {
    const repeated = parsed.data.find((entry, index) => parsed.data.findIndex((other) => other[field] === entry[field]) !== index);
    if (repeated !== undefined) throw invalid(file, `the ${field} of ${repeated.name} stands there twice`);
  }
  return parsed.data;
}

export function formatKeyFile(entries: readonly KeyEntry[]): string {
  return `${JSON.stringify(entries, null, 2)}\n`;
}

function parsedJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message quotes the text.
    throw invalid(file, 'it is not JSON');
  }
}

function invalid(file: string, fault: string): HindcastError {
  return new HindcastError('CONFIG_INVALID', `The key file ${file} cannot be used: ${fault}.`);
}
