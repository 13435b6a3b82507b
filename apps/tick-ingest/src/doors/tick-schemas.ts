import type { TickKind } from '@hindcast/contracts';
import type { PlainSchema } from '@hindcast/service-kit';

/** Bodies of ticks as JSON Schema, for the OpenAPI document; `parseTickBatches` reads them, and a test holds the two together. */
const text = (pattern: string, more: PlainSchema = {}): PlainSchema => ({ type: 'string', pattern, ...more });

const market = text('^[a-z0-9][a-z0-9-]{0,31}/[a-z0-9][a-z0-9-]{0,31}$', { examples: ['usa/equity'] });
const above0: PlainSchema = { type: 'number', exclusiveMinimum: 0 };
const from0: PlainSchema = { type: 'number', minimum: 0 };

const id: PlainSchema = {
  anyOf: [text('^[ -~]{1,64}$'), { type: 'integer' }],
  description: 'What the source calls it; absent only where the request has source and offset.',
};

const common = {
  timestamp: {
    anyOf: [{ type: 'string' }, { type: 'integer', minimum: 0 }],
    description: 'ISO 8601 (UTC where it names no zone), or whole microseconds since the epoch.',
    examples: ['2013-10-07T13:30:00.000001Z'],
  },
  symbol: text('^[A-Z0-9][A-Z0-9.:-]{0,31}$', { examples: ['SPY'] }),
};
const optional = {
  market,
  exchange: text('^[A-Za-z0-9._-]{0,16}$'),
  conditions: text('^[ -~]{0,64}$'),
};

const rowSchemas: Readonly<Record<TickKind, PlainSchema>> = {
  trades: {
    type: 'object',
    required: ['timestamp', 'symbol', 'price', 'size'],
    properties: {
      ...common,
      trade_id: id,
      price: above0,
      size: above0,
      side: { enum: ['B', 'S', ''], description: 'The aggressor: buyer or seller; inferred by the tick rule where it is absent.' },
      ...optional,
    },
    additionalProperties: false,
  },
  quotes: {
    type: 'object',
    required: ['timestamp', 'symbol'],
    anyOf: [{ required: ['bid', 'bid_size'] }, { required: ['ask', 'ask_size'] }],
    properties: { ...common, quote_id: id, bid: above0, bid_size: from0, ask: above0, ask_size: from0, ...optional },
    additionalProperties: false,
  },
};

const binary = (contentMediaType: string, description: string): PlainSchema => ({ type: 'string', contentMediaType, description });

export function tickBodies(table: TickKind): Readonly<Record<string, PlainSchema>> {
  const row = rowSchemas[table];
  const rows: PlainSchema = { type: 'array', items: row, minItems: 1 };
  const envelope: PlainSchema = {
    type: 'object',
    required: [table],
    properties: {
      source: text('^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$'),
      market,
      offset: { type: 'integer', minimum: 0, description: 'The number of the first row, where rows have no id.' },
      [table]: rows,
    },
    additionalProperties: false,
  };
  return {
    'application/json': { anyOf: [row, rows, envelope] },
    'application/x-ndjson': { type: 'string', description: 'A row of the JSON body in each line.' },
    'application/vnd.apache.arrow.stream': binary(
      'application/vnd.apache.arrow.stream',
      'An Arrow IPC stream with columns named as the fields.',
    ),
    'application/vnd.apache.arrow.file': binary('application/vnd.apache.arrow.file', 'An Arrow IPC file with columns named as the fields.'),
  };
}
