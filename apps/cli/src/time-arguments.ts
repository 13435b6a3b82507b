import { dayUs, HindcastError, isoFromUs, usFromIso } from '@hindcast/contracts';

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;

/** A time of the command line, as ISO 8601 for a service. */
export function parseTime(option: string, text: string): string {
  return isoFromUs(microseconds(option, text));
}

/** `from` is included. A `to` that is a day is included as a whole; a `to` that is a time is not. */
export function parseSpan({ from, to }: { readonly from: string; readonly to: string }): { readonly from: string; readonly to: string } {
  const fromUs = microseconds('from', from);
  const toUs = endOf(to);
  if (fromUs >= toUs) throw new HindcastError('FIELD_INVALID', `--from ${from} does not come before --to ${to}.`);
  return { from: isoFromUs(fromUs), to: isoFromUs(toUs) };
}

/** As `parseSpan`, where either end may be left open. */
export function parseOpenSpan({ from, to }: OpenSpan): OpenSpan {
  if (from !== undefined && to !== undefined) return parseSpan({ from, to });
  return {
    ...(from === undefined ? {} : { from: parseTime('from', from) }),
    ...(to === undefined ? {} : { to: isoFromUs(endOf(to)) }),
  };
}

export interface OpenSpan {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

function endOf(to: string): number {
  return microseconds('to', to) + (dayPattern.test(to) ? dayUs : 0);
}

function microseconds(option: string, text: string): number {
  const timeUs = usFromIso(text);
  if (timeUs === undefined)
    throw new HindcastError('FIELD_INVALID', `--${option} ${text}: allowed is ISO 8601, as 2013-10-09 or 2013-10-09T15:30:00Z.`);
  return timeUs;
}
