import { Controller, Get, Param, Query } from '@nestjs/common';
import type { PhysicsStateJson } from '@hindcast/contracts';
import { toPhysicsStateJson } from '@hindcast/physics';
import { commaList, Documented, isoTime, parseFields, parseQuery } from '@hindcast/service-kit';
import { z } from 'zod';
import { marketField, symbolField } from './request-fields.js';
import { StateFinder, type StateQuestion } from './state-finder.js';

export const symbolsMax = 1_000;

export const newestQuery = { symbols: commaList(symbolField, { max: symbolsMax }).optional() };
const statePath = { symbol: symbolField };
const stateQuery = { market: marketField.optional(), at: isoTime().optional() };

/** A symbol with the query of `GET /v1/states/{symbol}`. */
export function parseStateQuestion(name: unknown, query: unknown): StateQuestion {
  const { symbol } = parseFields(z.object(statePath), { symbol: name });
  const { market, at } = parseQuery(stateQuery, query);
  return { symbol, market, atUs: at };
}

/** `GET /v1/states`, whoever answers it. */
export function newestStates(states: StateFinder, query: unknown): { readonly states: readonly PhysicsStateJson[] } {
  const { symbols } = parseQuery(newestQuery, query);
  return { states: states.newest(symbols).map(toPhysicsStateJson) };
}

/** Apart from the other route, because market-data has one of the same path: one process answers both with one. */
@Controller('v1/states')
export class NewestStatesController {
  constructor(private readonly states: StateFinder) {}

  /** The newest state of each symbol that has one, of its primary market. Query: `symbols` with commas between, else all. */
  @Get()
  @Documented({ query: newestQuery })
  newest(@Query() query: unknown): { readonly states: readonly PhysicsStateJson[] } {
    return newestStates(this.states, query);
  }
}

@Controller('v1/states')
export class StatesController {
  constructor(private readonly states: StateFinder) {}

  /** The newest state of a symbol. Query: `at` (ISO 8601; the newest at or before it, else now), `market` (else the primary one). */
  @Get(':symbol')
  @Documented({ path: statePath, query: stateQuery, errors: ['SYMBOL_UNKNOWN', 'STATE_UNKNOWN', 'STORE_AWAY', 'STORE_DENIED'] })
  async state(@Param('symbol') name: unknown, @Query() query: unknown): Promise<PhysicsStateJson> {
    return toPhysicsStateJson(await this.states.find(parseStateQuestion(name, query)));
  }
}
