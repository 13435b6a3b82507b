import { usFromIso, type MemorySkillDto, type SimilarAnswer, type SkillDto } from '@hindcast/contracts';
import { givenList, givenText, isoOfField, present } from '@hindcast/service-kit';

/** `FindSimilar` of market_physics.proto, to and from what `POST /v1/similar` speaks. What is null there is absent here. */

export interface SimilarMessage {
  readonly symbol?: string;
  readonly market?: string;
  readonly timeUs?: number;
  readonly state: StateMessage | null;
  readonly signature: readonly { readonly component: string; readonly value: number }[];
  readonly text?: string;
  readonly vector: readonly number[];
  readonly path: PathMessage | null;
  readonly k?: number;
  readonly space: string;
  readonly memory: string;
  readonly filter: FilterMessage | null;
  readonly asOfUs?: number;
  readonly minGapSeconds?: number;
  readonly excludeWindowSeconds?: number;
  readonly distinctDays?: boolean;
  readonly horizons: readonly string[];
  readonly explain?: boolean;
  readonly search: string;
}

interface StateMessage {
  readonly symbol?: string;
  readonly market?: string;
  readonly timestampUs?: number;
  readonly mass?: number;
  readonly momentum?: number;
  readonly friction?: number;
  readonly entropy?: number;
  readonly nashDist?: number;
  readonly alphaCoefficient?: number;
  readonly regime?: string;
}

interface PathMessage {
  readonly symbol: string;
  readonly market?: string;
  readonly fromUs?: number;
  readonly toUs?: number;
  readonly of: string;
}

interface FilterMessage {
  readonly symbols: readonly string[];
  readonly market?: string;
  readonly fromUs?: number;
  readonly toUs?: number;
  readonly regimes: readonly string[];
  readonly components: readonly { readonly component: string; readonly min?: number; readonly max?: number }[];
}

/** The body that `POST /v1/similar` takes. */
export function similarBody(message: SimilarMessage): object {
  const { symbol, market, timeUs, state, text, path, k, filter, asOfUs, distinctDays, explain } = message;
  return present({
    symbol,
    market,
    time: isoOfField('time_us', timeUs),
    state: state === null ? undefined : stateBody(state),
    signature: byComponent(message.signature, ({ value }) => value),
    text,
    vector: givenList(message.vector),
    path:
      path === null ? undefined : present({ ...spanBody('path', path), symbol: path.symbol, market: path.market, of: givenText(path.of) }),
    k,
    space: givenText(message.space),
    memory: givenText(message.memory),
    filter: filter === null ? undefined : filterBody(filter),
    asOf: isoOfField('as_of_us', asOfUs),
    minGap: message.minGapSeconds,
    excludeWindow: message.excludeWindowSeconds,
    distinctDays,
    horizons: givenList(message.horizons),
    explain,
    search: givenText(message.search),
  });
}

function stateBody({
  symbol,
  market,
  timestampUs,
  mass,
  momentum,
  friction,
  entropy,
  nashDist,
  alphaCoefficient,
  regime,
}: StateMessage): object {
  const timestamp = isoOfField('state.timestamp_us', timestampUs);
  const fields = {
    symbol,
    market,
    timestamp,
    mass,
    momentum,
    friction,
    entropy,
    nash_dist: nashDist,
    alpha_coefficient: alphaCoefficient,
    regime,
  };
  // Of a state that nobody made alpha may be absent, which is null in JSON.
  return { ...(mass !== undefined && { alpha_coefficient: null }), ...present(fields) };
}

function filterBody({ symbols, market, regimes, components, ...span }: FilterMessage): object {
  return present({
    ...spanBody('filter', span),
    symbols: givenList(symbols),
    market,
    regimes: givenList(regimes),
    components: byComponent(components, ({ min, max }) => present({ min, max })),
  });
}

function spanBody(field: string, { fromUs, toUs }: { readonly fromUs?: number; readonly toUs?: number }): object {
  return { from: isoOfField(`${field}.from_us`, fromUs), to: isoOfField(`${field}.to_us`, toUs) };
}

function byComponent<Entry extends { readonly component: string }, Value>(
  entries: readonly Entry[],
  valueOf: (entry: Entry) => Value,
): Readonly<Record<string, Value>> | undefined {
  return entries.length === 0 ? undefined : Object.fromEntries(entries.map((entry) => [entry.component, valueOf(entry)]));
}

export function similarMessage(answer: SimilarAnswer): object {
  return messageOf(answer) as object;
}

export function skillMessage(skill: SkillDto | MemorySkillDto): object {
  return messageOf(skill) as object;
}

const times = new Set(['timestamp', 'known_at', 'as_of', 'from', 'to', 'fitted_from', 'fitted_to']);
/** Keys of these are names of their own, where they are objects. */
const maps = new Set(['signature', 'outcomes', 'quantiles', 'flags', 'by_horizon']);

/** Names as messages have them, times in microseconds, what is null left out. */
function messageOf(value: unknown, namesStay = false): unknown {
  if (Array.isArray(value)) return value.map((item) => messageOf(item));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(
    fields.map(([name, field]: [string, unknown]) => {
      if (namesStay) return [name, messageOf(field)];
      if (times.has(name) && typeof field === 'string') return [`${camelCase(name)}Us`, usFromIso(field)];
      return [camelCase(name), messageOf(field, maps.has(name))];
    }),
  );
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
