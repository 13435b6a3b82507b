import { HindcastError, type PathSubject, type SimilarRequest, type SimilarSpace } from '@hindcast/contracts';
import { present } from '@hindcast/service-kit/caller';
import { parseList } from '../replay/replay-arguments.js';
import { parseOpenSpan, parseTime } from '../time-arguments.js';

export interface SimilarOptions {
  readonly symbol?: string;
  readonly market?: string;
  readonly at?: string;
  readonly path?: string;
  readonly pathOf?: string;
  readonly state?: string;
  readonly signature?: string;
  readonly text?: string;
  readonly vector?: string;
  readonly k: string;
  readonly space?: string;
  readonly memory?: string;
  readonly among?: string;
  readonly amongMarket?: string;
  readonly from?: string;
  readonly to?: string;
  readonly regimes?: string;
  readonly where?: readonly string[];
  readonly asOf?: string;
  readonly gap?: string;
  readonly exclude?: string;
  readonly distinctDays?: boolean;
  readonly horizons?: string;
  readonly explain?: boolean;
  readonly exact?: boolean;
  readonly svg?: string;
}

const kMax = 100;

/** What the service is asked; what only it can know to be wrong, it says. FIELD_INVALID. */
export function similarRequest(options: SimilarOptions): SimilarRequest {
  const { k, space, memory, asOf, gap, exclude, horizons } = options;
  const count = Number(k);
  if (!Number.isSafeInteger(count) || count < 1 || count > kMax) throw refused('k', k, `a whole number from 1 to ${kMax}`);
  const filter = filterOf(options);
  return present({
    ...subjectOf(options),
    k: count,
    // Which ones there are, the service says.
    space: space as SimilarSpace | undefined,
    memory,
    filter: Object.keys(filter).length === 0 ? undefined : filter,
    asOf: asOf === undefined ? undefined : parseTime('as-of', asOf),
    minGap: gap,
    excludeWindow: exclude,
    distinctDays: options.distinctDays,
    horizons: horizons === undefined ? undefined : parseList(horizons),
    explain: options.explain,
    search: options.exact === true ? ('exact' as const) : undefined,
  });
}

function subjectOf(options: SimilarOptions): SimilarRequest {
  const { symbol, market, at, path, pathOf, state, signature, text, vector } = options;
  const given = [symbol, state, signature, text, vector].filter((option) => option !== undefined);
  const isAboutSymbol = symbol !== undefined || (at === undefined && path === undefined && market === undefined);
  if (given.length !== 1 || !isAboutSymbol || (at !== undefined && path !== undefined) || (path === undefined && pathOf !== undefined)) {
    throw new HindcastError(
      'FIELD_INVALID',
      'Ask with --symbol, and --at for another moment than now or --path (and --path-of) for a stretch of time, or with one of --state, --signature, --text, --vector.',
    );
  }
  if (symbol !== undefined) {
    const instrument = { symbol: symbol.toUpperCase(), ...(market === undefined ? {} : { market }) };
    // What there may be a path of, the service says.
    const what = pathOf === undefined ? {} : { of: pathOf as NonNullable<PathSubject['of']> };
    if (path !== undefined) return { path: { ...instrument, ...stretchOf(path), ...what } };
    // Without a time it is now, or the newest moment of --as-of: the service knows which.
    return { ...instrument, ...(at === undefined ? {} : { time: parseTime('at', at) }) };
  }
  if (state !== undefined) return { state: jsonOf('state', state) as SimilarRequest['state'] & object };
  if (signature !== undefined) return { signature: signatureOf(signature) };
  if (vector !== undefined) return { vector: jsonOf('vector', vector) as readonly number[] };
  return { text: text ?? '' };
}

/** `2013-10-09T15:00:00Z/2013-10-09T15:30:00Z`, as ISO 8601 writes an interval. */
function stretchOf(text: string): { readonly from: string; readonly to: string } {
  const ends = text.split('/');
  if (ends.length !== 2) throw refused('path', text, 'two times with a slash between: 2013-10-09T15:00:00Z/2013-10-09T15:30:00Z');
  return { from: parseTime('path', ends[0]), to: parseTime('path', ends[1]) };
}

function signatureOf(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    parseList(text).map((part) => {
      const [name, value, ...more] = part.split('=').map((word) => word.trim());
      if (value === undefined || value === '' || more.length > 0 || !Number.isFinite(Number(value)))
        throw refused('signature', part, 'components with their values: volatility_5m=0.4,session_progress=0.2');
      return [name, Number(value)];
    }),
  );
}

function jsonOf(option: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw refused(option, text, 'JSON');
  }
}

function filterOf({ among, amongMarket, from, to, regimes, where = [] }: SimilarOptions): object {
  return present({
    symbols: among === undefined ? undefined : parseList(among).map((symbol) => symbol.toUpperCase()),
    market: amongMarket,
    ...parseOpenSpan({ from, to }),
    regimes: regimes === undefined ? undefined : parseList(regimes),
    components: where.length === 0 ? undefined : boundsOf(where),
  });
}

const boundPattern = /^\s*([a-z0-9_]+)\s*(>=|<=)\s*(-?[\d.]+(?:e-?\d+)?)\s*$/i;

/** `volatility_5m>=0.5`, several of which may be about one component. */
function boundsOf(where: readonly string[]): Readonly<Record<string, { readonly min?: number; readonly max?: number }>> {
  const bounds: Record<string, { readonly min?: number; readonly max?: number }> = {};
  for (const part of where) {
    const match = boundPattern.exec(part);
    const value = Number(match?.[3]);
    if (!match || !Number.isFinite(value)) throw refused('where', part, 'a component and a bound: volatility_5m>=0.5 or return_5m<=-1');
    bounds[match[1]] = { ...bounds[match[1]], [match[2] === '>=' ? 'min' : 'max']: value };
  }
  return bounds;
}

function refused(option: string, given: string, allowed: string): HindcastError {
  return new HindcastError('FIELD_INVALID', `--${option} ${given.slice(0, 60)}: allowed is ${allowed}.`);
}
