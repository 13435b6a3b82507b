import type { ServiceClient } from '@hindcast/service-kit';
import { parseFields } from '@hindcast/service-kit';
import { z } from 'zod';
import type { FetchReplayStates } from './replay-audience.js';
import type { FetchStates } from './snapshot-source.js';
import { allSymbols } from './subscription.js';

const answerSchema = z.object({
  states: z.array(z.looseObject({ symbol: z.string(), market: z.string(), timestamp: z.string() })),
});
const replaySchema = z.object({ ...answerSchema.shape, run: z.number() });

/** Asks market-physics for the newest states; without names it answers with all that it has. */
export function statesOfMarketPhysics(client: ServiceClient): FetchStates {
  return async (symbols, signal) => {
    const { states } = await client.get('/v1/states', {
      query: queryOf(symbols),
      signal,
      parse: (body) => parseFields(answerSchema, body),
    });
    return states;
  };
}

/** Asks market-physics where a replay of its own stands. */
export function replayOfMarketPhysics(client: ServiceClient): FetchReplayStates {
  return async (id, symbols, signal) => {
    const path = `/v1/replays/${encodeURIComponent(id)}/states`;
    return client.get(path, { query: queryOf(symbols), signal, parse: (body) => parseFields(replaySchema, body) });
  };
}

function queryOf(symbols: readonly string[]): { readonly symbols?: string } {
  return symbols.length === 0 || symbols.includes(allSymbols) ? {} : { symbols: symbols.join(',') };
}
