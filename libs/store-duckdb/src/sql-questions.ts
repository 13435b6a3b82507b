import { JsonDuckDBValueConverter, StatementType, type DuckDBConnection, type DuckDBResult, type Json } from '@duckdb/node-api';
import { HindcastError } from '@hindcast/contracts';
import { instrumentKey, type Instrument } from '@hindcast/market';
import { storeError } from './duckdb-errors.js';
import type { EmbeddedDatabase } from './embedded-database.js';
import type { InstrumentFile, InstrumentFiles } from './instrument-files.js';
import { isOfOneFile } from './outages.js';
import { requireQuestion } from './sql-guard.js';
import { viewStatements } from './sql-views.js';
import { literal } from './sql.js';

export interface SqlQuestion {
  /** Whose word ends it before its time. */
  readonly id: string;
  readonly text: string;
  /** Of all instruments where nothing is said. */
  readonly market?: string;
  readonly symbols?: readonly string[];
  readonly rowsMax: number;
  readonly timeMaxMs: number;
}

export interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly Json[])[];
  /** There were more rows, or larger ones, than fit. */
  readonly isCut: boolean;
  /** Instruments whose files were asked. */
  readonly instruments: number;
}

/** What an answer may hold, as text. */
const answerBytesMax = 16_000_000;
/** Characters of a question. */
export const sqlTextMax = 10_000;

type Ending = 'cancelled' | 'late' | 'large';

/** From when it is asked: what ends it may come before its statement runs. */
interface UnderWay {
  readonly id: string;
  readonly timeMaxMs: number;
  readonly growthBytesMax: number;
  connection?: DuckDBConnection;
  ending?: Ending;
  interruptions?: NodeJS.Timeout;
}

/** DuckDB forgets an interruption that comes just before a statement starts, so it is said until it is heard. */
const interruptEveryMs = 20;

/** A median takes in about 500 MB a second. */
const memoryLookMs = 50;
/** Of what DuckDB may hold: all of it, when none was held before, and as much that it does not count. */
const growthOfBound = 2;

/**
 * Answers SELECTs of anybody who may read, over the files of all instruments or of some. One at a time, on a connection of
 * its own that ends with it: what it made goes with it, and nobody else's statement can cut it off.
 */
export class SqlQuestions {
  readonly #database: EmbeddedDatabase;
  readonly #files: InstrumentFiles;
  readonly #filesMax: number;
  #underWay: UnderWay | undefined;

  /** A question holds half of the files that may be open at most: whoever writes finds room in the other half. */
  constructor(parts: { readonly database: EmbeddedDatabase; readonly files: InstrumentFiles }) {
    this.#database = parts.database;
    this.#files = parts.files;
    this.#filesMax = Math.max(1, Math.floor(parts.files.statistics().attachedMax / 2));
  }

  /** READS_FULL while another one is answered; SQL_INVALID, SQL_TOO_HEAVY, CALL_CANCELLED, FIELD_INVALID, and what a file's trouble is called. */
  async ask(question: SqlQuestion): Promise<SqlAnswer> {
    if (this.#underWay) throw new HindcastError('READS_FULL', 'Another SQL question is being answered; one at a time is.');
    const growthBytesMax = growthOfBound * this.#database.memoryBytesMax;
    const underWay: UnderWay = { id: question.id, timeMaxMs: question.timeMaxMs, growthBytesMax };
    this.#underWay = underWay;
    const deadline = setTimeout(() => this.#end('late'), question.timeMaxMs);
    // What median, quantile and mode gather is in no count of DuckDB's, so the process itself is looked at.
    const residentBefore = process.memoryUsage.rss();
    const look = (): void => {
      if (process.memoryUsage.rss() - residentBefore > growthBytesMax) this.#end('large');
    };
    const looks = setInterval(look, memoryLookMs);
    try {
      return await this.#askAlone(question, underWay);
    } finally {
      clearTimeout(deadline);
      clearInterval(looks);
      clearInterval(underWay.interruptions);
      this.#underWay = undefined;
    }
  }

  async #askAlone(question: SqlQuestion, underWay: UnderWay): Promise<SqlAnswer> {
    const instruments = await this.#instrumentsOf(question);
    throwIfEnded(underWay);
    const connection = await this.#database.connect();
    try {
      await requireSelect(connection, question.text);
      underWay.connection = connection;
      return await this.#holding(instruments, underWay, (files) => this.#answer(question, underWay, files));
    } finally {
      underWay.connection = undefined;
      connection.closeSync();
    }
  }

  /** Ends a question that is being answered; none other. */
  cancel(id: string): void {
    if (this.#underWay?.id === id) this.#end('cancelled');
  }

  #end(ending: Ending): void {
    const underWay = this.#underWay;
    if (!underWay || underWay.ending) return;
    underWay.ending = ending;
    underWay.connection?.interrupt();
    underWay.interruptions = setInterval(() => underWay.connection?.interrupt(), interruptEveryMs);
  }

  async #instrumentsOf({ market, symbols }: SqlQuestion): Promise<readonly Instrument[]> {
    const all = await this.#files.list(market === undefined ? {} : { market });
    const asked = symbols === undefined ? all : all.filter(({ symbol }) => symbols.includes(symbol));
    if (asked.length <= this.#filesMax) return asked;
    const advice = `a question reads ${this.#filesMax} at most: name symbols or a market, or set HINDCAST_DUCKDB_FILES_MAX higher.`;
    throw new HindcastError('FIELD_INVALID', `The question is about ${asked.length} instruments, and ${advice}`);
  }

  /**
   * With all files open and none let go meanwhile. It waits for room while it holds some, which whoever holds one file and
   * waits for none always gives it.
   */
  #holding<T>(instruments: readonly Instrument[], underWay: UnderWay, work: (files: readonly InstrumentFile[]) => Promise<T>): Promise<T> {
    const held: InstrumentFile[] = [];
    const next = async (): Promise<T> => {
      throwIfEnded(underWay);
      const instrument = instruments[held.length];
      if (instrument === undefined) return work(held);
      let isOpen = false;
      const using = this.#files.use(instrument, async (file) => {
        isOpen = true;
        held.push(file);
        return { answer: await next() };
      });
      const answered = await using.catch((error: unknown) => {
        throw isOpen ? error : withWayOut(error);
      });
      if (!answered) throw new HindcastError('STORE_AWAY', `the file of ${instrumentKey(instrument)} has gone`);
      return answered.answer;
    };
    return next();
  }

  async #answer({ text, rowsMax }: SqlQuestion, underWay: UnderWay, files: readonly InstrumentFile[]): Promise<SqlAnswer> {
    const { connection } = underWay;
    if (!connection) throw new TypeError('a question is answered on its connection');
    try {
      for (const statement of viewStatements(files)) await connection.run(statement);
      const { columns, rows, isCut } = await readRows(await connection.stream(text), rowsMax);
      return { columns, rows, isCut, instruments: files.length };
    } catch (cause) {
      throwIfEnded(underWay);
      throw failureOf(cause);
    }
  }
}

/** A sum that leaves an instrument out would be believed, so none is left out but by whoever asks. */
function withWayOut(error: unknown): unknown {
  if (!isOfOneFile(error)) return error;
  return new HindcastError(error.code, `${error.message} Name symbols or a market, and a question about others is answered.`, {
    cause: error,
  });
}

function throwIfEnded({ ending, timeMaxMs, growthBytesMax }: UnderWay): void {
  if (ending === 'cancelled') throw new HindcastError('CALL_CANCELLED', 'The question was called off.');
  if (ending === 'late')
    throw new HindcastError('SQL_TOO_HEAVY', `It was not answered in ${timeMaxMs / 1_000} s: ask for less time or fewer symbols.`);
  if (ending === 'large')
    throw new HindcastError(
      'SQL_TOO_HEAVY',
      `It made the process grow by more than ${Math.round(growthBytesMax / 1_000_000)} MB: median, quantile and mode hold all values that they are given, approx_quantile does not.`,
    );
}

function failureOf(cause: unknown): HindcastError {
  if (cause instanceof HindcastError) return cause;
  const words = (cause as Partial<Error> | null)?.message?.trim() ?? String(cause);
  if (/out of memory/i.test(words)) return new HindcastError('SQL_TOO_HEAVY', `It wants more memory than there is: ${words}`);
  // What DuckDB says of the question's own words.
  if (/^(?:binder|catalog|conversion|parser|invalid input|out of range|syntax|not implemented|mismatch type) error/i.test(words))
    return new HindcastError('SQL_INVALID', words);
  return storeError('the question could not be answered', cause);
}

/** By DuckDB's own parser, and once more by what it makes of the text. */
async function requireSelect(connection: DuckDBConnection, text: string): Promise<void> {
  if (text.length > sqlTextMax || text.includes('\0'))
    throw new HindcastError('SQL_INVALID', `A question has ${sqlTextMax} characters at most, and no zero byte.`);
  const parsed = await connection.runAndReadAll(`SELECT json_serialize_sql(${literal(text)}, skip_default := true)`);
  requireQuestion(JSON.parse(String(parsed.getRows()[0][0])));
  const { count } = await connection.extractStatements(text);
  if (count !== 1) throw new HindcastError('SQL_INVALID', 'one SELECT at a time');
}

/** As much of it as an answer holds. */
export async function readRows(result: DuckDBResult, rowsMax: number): Promise<Omit<SqlAnswer, 'instruments'>> {
  if (result.statementType !== StatementType.SELECT) throw new HindcastError('SQL_INVALID', 'only SELECT is answered here');
  const names = result.deduplicatedColumnNames();
  const columns = result.columnTypes().map((type, index) => ({ name: names[index], type: String(type) }));
  const shape = columns.map(({ type }) => shapers.find(([pattern]) => pattern.test(type))?.[1]);
  const rows: Json[][] = [];
  let bytes = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    // Row by row: a piece of 2,048 wide ones is many times what an answer may hold.
    for (let index = 0; index < chunk.rowCount; index++) {
      const row = chunk.convertRowValues(index, JsonDuckDBValueConverter);
      const shaped = row.map((value, column) => (value === null ? null : (shape[column]?.(value) ?? value)));
      bytes += JSON.stringify(shaped).length;
      if (rows.length === rowsMax || bytes > answerBytesMax) return { columns, rows, isCut: true };
      rows.push(shaped);
    }
  }
  return { columns, rows, isCut: false };
}

/** As all answers have it: whole numbers as numbers where a double holds them, times in ISO 8601. */
const shapers: readonly (readonly [RegExp, (value: Json) => Json])[] = [
  [/^(?:U?BIGINT|U?HUGEINT)$/, (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)],
  [/^TIMESTAMP(?:_S|_MS|_NS)?$/, (value) => (typeof value === 'string' && /^\d/.test(value) ? `${value.replace(' ', 'T')}Z` : value)],
  [/^DECIMAL/, (value) => Number(value)],
];
