import { HindcastError, isoFromUs, maxTimeUs } from '@hindcast/contracts';

/**
 * Fields of gRPC messages as the HTTP twin of a call has them, so that one parser serves both doors: what proto3 cannot
 * tell from absent is absent, and times are ISO 8601.
 */

export function givenText(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

export function givenList<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** FIELD_INVALID for what is no time: beyond it, 64 bits are not exact in a number. */
export function isoOfField(field: string, timeUs: number | undefined): string | undefined {
  if (timeUs === undefined) return undefined;
  if (Number.isSafeInteger(timeUs) && timeUs >= 0 && timeUs <= maxTimeUs) return isoFromUs(timeUs);
  throw new HindcastError('FIELD_INVALID', `${field}=${timeUs}: whole microseconds since the epoch, from 0 to ${maxTimeUs}`);
}

/** An object without its absent fields, which a strict parser would take for given. */
export function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
