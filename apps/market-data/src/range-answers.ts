import { z } from 'zod';

/** The rows of each table as JSON has them, for the OpenAPI document; a test holds real answers against them. */
const time = z.string().describe('ISO 8601, UTC.');

const tick = { timestamp: time, symbol: z.string(), sequence: z.int(), market: z.string(), exchange: z.string().nullable() };
const origin = { received_at: time, source: z.string(), conditions: z.string().nullable() };

const trade = z.object({
  ...tick,
  trade_id: z.string(),
  price: z.number(),
  size: z.number(),
  side: z.enum(['B', 'S']).nullable(),
  side_inferred: z.boolean().describe('By the tick rule, because the source named no side.'),
  late: z.boolean().describe('Arrived after its bar had closed.'),
  ...origin,
});

const quote = z.object({
  ...tick,
  quote_id: z.string(),
  bid: z.number().nullable(),
  bid_size: z.number().nullable(),
  ask: z.number().nullable(),
  ask_size: z.number().nullable(),
  ...origin,
});

const bar = z.object({
  timestamp: time,
  symbol: z.string(),
  market: z.string(),
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
  vwap: z.number(),
  buy_volume: z.number(),
  sell_volume: z.number(),
  trades: z.int(),
});

const state = z.object({
  timestamp: time,
  symbol: z.string(),
  market: z.string(),
  mass: z.number(),
  velocity: z.number(),
  momentum: z.number(),
  friction: z.number(),
  entropy: z.number(),
  nash_dist: z.number(),
  alpha_coefficient: z.number().nullable(),
  regime: z.enum(['Gaussian', 'Lévy Stable', 'Critical', 'WAIT']),
  price: z.number(),
  volume: z.number(),
  signed_volume: z.number(),
  trades: z.int(),
  mode: z.enum(['live', 'hindsight']),
});

function answers(table: string, row: z.ZodObject) {
  return {
    'application/json': z.object({
      symbol: z.string(),
      market: z.string(),
      [table]: z.array(row.partial()).describe('Every field of each row, or those that `columns` names.'),
      rows: z.int(),
      next_cursor: z.string().nullable().describe('To go on from; null at the end.'),
    }),
    'text/csv': { type: 'string', description: 'The columns of the JSON rows, in their order, with a header; RFC 4180.' },
    'application/vnd.apache.arrow.stream': {
      type: 'string',
      contentMediaType: 'application/vnd.apache.arrow.stream',
      description: 'An Arrow IPC stream of the same columns; times are microseconds since the epoch.',
    },
  };
}

export const rangeAnswers = {
  trades: answers('trades', trade),
  quotes: answers('quotes', quote),
  bars: answers('bars', bar),
  states: answers('states', state),
};
