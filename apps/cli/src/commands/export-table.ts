import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HindcastError } from '@hindcast/contracts';
import { arrowRows, parquetFromCsv, ScratchDatabase } from '@hindcast/feeds';
import { errorOfAnswer, keyHeaders, type BaseConfig } from '@hindcast/service-kit/caller';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { finishedFile } from '../export/finished-file.js';
import { parseExport, type ExportArguments, type ExportOptions } from '../export/export-arguments.js';
import { ProgressDisplay } from '../format/progress.js';
import { bytes, duration, whole } from '../format/quantities.js';
import type { Terminal } from '../terminal.js';
import { runningConfig } from '../which-runs.js';

/** Writes a table of whichever runs to a file that is there when it is whole, and not before. */
export async function exportTable(name: string, options: ExportOptions, terminal: Terminal): Promise<ExitCode> {
  const args = parseExport(name, options);
  const config = await runningConfig(terminal);
  const beganUs = terminal.clock.nowUs();
  const { out, table, format } = args;
  if (out === null) {
    await toStandardOutput(args, config, terminal);
    return exitCodes.ok;
  }
  await mkdir(dirname(out), { recursive: true });
  const rows = await finishedFile(out, (unfinished) => writeTable(args, unfinished, { config, terminal }));
  const { size } = await stat(out);
  const seconds = (terminal.clock.nowUs() - beganUs) / 1_000_000;
  const answer = { table, format, rows, bytes: size, file: out, elapsed_seconds: seconds };
  terminal.print(terminal.json ? JSON.stringify(answer) : `${whole(rows)} ${table}, ${bytes(size)}, in ${duration(seconds)}: ${out}`);
  return exitCodes.ok;
}

interface World {
  readonly config: BaseConfig;
  readonly terminal: Terminal;
}

/** Returns how many rows there are. */
async function writeTable(args: ExportArguments, path: string, world: World): Promise<number> {
  if (args.format === 'csv') return receive(args, 'csv', path, world);
  if (args.format === 'arrow') {
    await receive(args, 'arrow', path, world);
    return arrowRows(path);
  }
  const scratch = new ScratchDatabase(join(world.config.home, 'exports'));
  const csvPath = `${path}.csv`;
  try {
    await receive(args, 'csv', csvPath, world);
    return await parquetFromCsv({ csvPath, path, scratch });
  } finally {
    await rm(csvPath, { force: true });
    await scratch.close();
  }
}

/** The answer as it comes into a file; the rows, of CSV. */
async function receive(args: ExportArguments, format: 'csv' | 'arrow', path: string, { config, terminal }: World): Promise<number> {
  const display = new ProgressDisplay(terminal);
  const body = await askRange(args, format, { config, terminal });
  let size = 0;
  let lines = 0;
  const counted = new Transform({
    transform(piece: Buffer, _encoding, done) {
      size += piece.length;
      if (format === 'csv') for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, at + 1)) lines++;
      display.waiting(`${format === 'csv' ? `${whole(Math.max(lines - 1, 0))} rows, ` : ''}${bytes(size)} received`);
      done(null, piece);
    },
  });
  await received(pipeline(body, counted, createWriteStream(path), { signal: terminal.signal }), config);
  return lines - 1;
}

const lineFeed = 0x0a;

async function toStandardOutput(args: ExportArguments, config: BaseConfig, terminal: Terminal): Promise<void> {
  const { signal } = terminal;
  if (args.format !== 'parquet') {
    const body = await askRange(args, args.format, { config, terminal });
    await received(toReader(body, signal), config);
    return;
  }
  // Parquet ends with what it begins with: there is nothing to send before it is whole.
  const parent = join(config.home, 'exports');
  await mkdir(parent, { recursive: true });
  const dir = await mkdtemp(join(parent, 'out-'));
  try {
    const path = join(dir, 'table.parquet');
    await writeTable(args, path, { config, terminal });
    await toReader(createReadStream(path), signal);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Whoever reads may have enough before the end, as `head` has. */
async function toReader(stream: Readable, signal: AbortSignal): Promise<void> {
  await pipeline(stream, process.stdout, { signal, end: false }).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'EPIPE') throw cause;
  });
}

/** An answer of market-data as a stream; what it refuses is thrown as it says it. */
async function askRange({ table, query }: ExportArguments, format: string, { config, terminal }: World): Promise<Readable> {
  const url = `${config.marketDataUrl}/v1/${table}?${new URLSearchParams({ ...query, format }).toString()}`;
  const response = await fetch(url, { headers: keyHeaders(config.apiKey), signal: terminal.signal }).catch((cause: unknown) => {
    throw terminal.signal.aborted ? cause : away(config, cause);
  });
  if (!response.ok) {
    const answer: unknown = await response.json().catch(() => null);
    throw errorOfAnswer(answer) ?? away(config, new Error(`it answered ${response.status}`));
  }
  return Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
}

/** An answer that breaks off leaves half a table, which is none. */
async function received(transfer: Promise<void>, config: BaseConfig): Promise<void> {
  try {
    await transfer;
  } catch (cause) {
    if (cause instanceof TypeError && cause.message === 'terminated') throw away(config, cause);
    throw cause;
  }
}

function away({ marketDataUrl }: BaseConfig, cause: unknown): HindcastError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HindcastError('UPSTREAM_AWAY', `market-data at ${marketDataUrl} does not answer to the end (${reason}).`, { cause });
}
