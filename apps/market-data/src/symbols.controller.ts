import { Controller, Get, Query } from '@nestjs/common';
import { dayUs, isoFromUs } from '@hindcast/contracts';
import type { InstrumentSummary } from '@hindcast/ports';
import { Documented, parseQuery } from '@hindcast/service-kit';
import { Instruments } from './instruments.js';
import { symbolsShape } from './range-query.js';

export interface DayDto {
  readonly day: string;
  readonly rows: number;
  readonly first: string;
  readonly last: string;
}

export interface SymbolDto {
  readonly symbol: string;
  readonly market: string;
  readonly table: 'trades' | 'quotes';
  readonly first: string;
  readonly last: string;
  readonly rows: number;
  readonly days: readonly DayDto[];
  /** UTC days between the first and the last without a row. */
  readonly gaps: readonly string[];
}

@Controller('v1/symbols')
export class SymbolsController {
  constructor(private readonly instruments: Instruments) {}

  /** What is recorded: a row each table and instrument, with counts of each UTC day and the days without rows. Query: `symbol`, `market`, else all. */
  @Get()
  @Documented({ query: symbolsShape, errors: ['STORE_AWAY', 'STORE_DENIED', 'SCHEMA_MISSING'] })
  async symbols(@Query() query: unknown): Promise<{ readonly symbols: readonly SymbolDto[] }> {
    const summaries = await this.instruments.list(parseQuery(symbolsShape, query));
    return { symbols: summaries.map(symbolDto) };
  }
}

export function symbolDto({ symbol, market, table, firstUs, lastUs, rows, days }: InstrumentSummary): SymbolDto {
  return {
    symbol,
    market,
    table,
    first: isoFromUs(firstUs),
    last: isoFromUs(lastUs),
    rows,
    days: days.map((day) => ({ day: day.day, rows: day.rows, first: isoFromUs(day.firstUs), last: isoFromUs(day.lastUs) })),
    gaps: gapsOf(days.map(({ day }) => day)),
  };
}

function gapsOf(days: readonly string[]): readonly string[] {
  const recorded = new Set(days);
  const sorted = [...days].sort();
  const gaps: string[] = [];
  if (sorted.length === 0) return gaps;
  const lastUs = Date.parse(sorted[sorted.length - 1]) * 1_000;
  for (let at = Date.parse(sorted[0]) * 1_000; at < lastUs; at += dayUs) {
    const day = isoFromUs(at).slice(0, 10);
    if (!recorded.has(day)) gaps.push(day);
  }
  return gaps;
}
