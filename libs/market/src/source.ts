import { HindcastError } from '@hindcast/contracts';

const sourcePattern = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/;

/** Who gave the ids of a request, at every door alike; FIELD_INVALID for anything else. */
export function requireSource(source: unknown): asserts source is string {
  if (typeof source !== 'string' || !sourcePattern.test(source)) {
    throw new HindcastError('FIELD_INVALID', `source is ${JSON.stringify(source)}; it must match ${sourcePattern.source}`);
  }
}
