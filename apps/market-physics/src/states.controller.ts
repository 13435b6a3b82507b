import { Controller, Get, Param, Query } from '@nestjs/common';
import type { PhysicsStateJson } from '@hindcast/contracts';
import { toPhysicsStateJson } from '@hindcast/physics';
import { commaList, isoTime, parseFields, parseQuery } from '@hindcast/service-kit';
import { marketField, symbolField } from './similar-request.js';
import { StateFinder } from './state-finder.js';

const symbolsMax = 1_000;

@Controller('v1/states')
export class StatesController {
  constructor(private readonly states: StateFinder) {}

  /** The newest state of each symbol that has one, of its primary market. Query: `symbols` with commas between, else all. */
  @Get()
  newest(@Query() query: unknown): { readonly states: readonly PhysicsStateJson[] } {
    const { symbols } = parseQuery({ symbols: commaList(symbolField, { max: symbolsMax }).optional() }, query);
    return { states: this.states.newest(symbols).map(toPhysicsStateJson) };
  }

  /** The newest state of a symbol. Query: `at` (ISO 8601; the newest at or before it, else now), `market` (else the primary one). */
  @Get(':symbol')
  async state(@Param('symbol') name: unknown, @Query() query: unknown): Promise<PhysicsStateJson> {
    const symbol = parseFields(symbolField, name);
    const { market, at } = parseQuery({ market: marketField.optional(), at: isoTime().optional() }, query);
    return toPhysicsStateJson(await this.states.find({ symbol, market, atUs: at }));
  }
}
