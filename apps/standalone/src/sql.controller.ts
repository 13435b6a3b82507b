import type { ServerResponse } from 'node:http';
import { Body, Controller, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { HindcastError, type SqlAnswerDto } from '@hindcast/contracts';
import { isMarket, isSymbol } from '@hindcast/market';
import { Documented, Needs, parseFields } from '@hindcast/service-kit';
import { sqlTextMax } from '@hindcast/store-duckdb';
import { z } from 'zod';
import type { StandaloneConfig } from './config.js';
import type { AskSql } from './embedded-stores.js';

const symbolsMax = 1_000;
const rowsMax = 100_000;

const sqlSchema = z.strictObject({
  sql: z.string().min(1).max(sqlTextMax).describe(`one SELECT, at most ${sqlTextMax} characters`),
  symbols: z
    .array(z.string().refine(isSymbol).describe('a symbol: [A-Z0-9][A-Z0-9.:-]{0,31}'))
    .min(1)
    .max(symbolsMax)
    .optional()
    .describe(`1 to ${symbolsMax} symbols`),
  market: z.string().refine(isMarket).optional().describe('a market, as usa/equity'),
  limit: z.number().int().min(1).max(rowsMax).default(1_000).describe(`a whole number from 1 to ${rowsMax}`),
});

const answer = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.unknown())),
  truncated: z.boolean().describe('There were more rows, or larger ones, than an answer holds.'),
  instruments: z.number().describe('Whose files were asked.'),
  elapsed_ms: z.number(),
});

/** What the controller takes of the process around it. */
export const SQL_STORE = Symbol('SqlStore');
export interface SqlStore {
  /** Undefined where the store answers no SQL. */
  readonly ask: AskSql | undefined;
  readonly config: Pick<StandaloneConfig, 'sqlTimeMaxMs'>;
}

@Controller('v1/sql')
export class SqlController {
  constructor(@Inject(SQL_STORE) private readonly store: SqlStore) {}

  /**
   * One SELECT over the tables `trades`, `quotes`, `bars_1m` and `market_states` of all instruments, in DuckDB's SQL; nothing
   * can be changed by it. Body: `sql`; `symbols` and `market` leave out the files of others, which a question over many
   * instruments needs; `limit` rows at most (1 to 100000, else 1000), `truncated` says whether there were more. One question
   * is answered at a time, and given up after HINDCAST_SQL_TIME_MAX_MS or when its caller goes.
   */
  @Post()
  @Needs('read')
  @HttpCode(200)
  @Documented({
    body: sqlSchema,
    answers: { 'application/json': answer },
    errors: ['SQL_INVALID', 'SQL_TOO_HEAVY', 'READS_FULL', 'STORE_AWAY', 'STORE_DAMAGED', 'STORE_LOCKED', 'SCHEMA_CHANGED'],
  })
  async ask(@Body() body: unknown, @Res({ passthrough: true }) reply: { readonly raw: ServerResponse }): Promise<SqlAnswerDto> {
    const { sql: text, limit, ...of } = parseFields(sqlSchema, body);
    if (!this.store.ask) throw new HindcastError('ROUTE_UNKNOWN', 'The store of this process answers no SQL.');
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const beganMs = performance.now();
    const question = { ...of, text, rowsMax: limit, timeMaxMs: this.store.config.sqlTimeMaxMs };
    const { columns, rows, isCut, instruments } = await this.store.ask(question, gone.signal);
    return { columns, rows, truncated: isCut, instruments, elapsed_ms: Math.round((performance.now() - beganMs) * 10) / 10 };
  }
}
