import type { ServiceClient } from '@hindcast/service-kit';
import { parseFields } from '@hindcast/service-kit';
import { z } from 'zod';
import type { FetchStates } from './snapshot-source.js';
import { allSymbols } from './subscription.js';

const answerSchema = z.object({
  states: z.array(z.looseObject({ symbol: z.string(), market: z.string(), timestamp: z.string() })),
});

/** Asks market-physics for the newest states; without names it answers with all that it has. */
export function statesOfMarketPhysics(client: ServiceClient): FetchStates {
  return async (symbols, signal) => {
    const query = symbols.includes(allSymbols) ? {} : { symbols: symbols.join(',') };
    const { states } = await client.get('/v1/states', { query, signal, parse: (body) => parseFields(answerSchema, body) });
    return states;
  };
}
