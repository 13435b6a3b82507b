import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inflateRawSync } from 'node:zlib';

/** A row of a LEAN file of trades, read in the plainest way: what feeds and stores are compared with. */
export interface LeanTrade {
  readonly timeUs: number;
  readonly price: number;
  readonly size: number;
  readonly exchange: string;
  readonly conditions: string;
  readonly suspicious: boolean;
}

/** Where the recorded market data lies; not part of the project. */
export const dataDirectory = resolve(process.env.HINDCAST_DATA || join(import.meta.dirname, '../../../../shared/data'));

/** Why tests on recorded data cannot run here, or undefined where they can. */
export function whyNoLeanData(): string | undefined {
  return existsSync(join(dataDirectory, 'lean/equity/usa/tick')) ? undefined : `no recorded data at ${dataDirectory}, set HINDCAST_DATA`;
}

/** New York was four hours behind UTC on the days that are there: 2013-10-07, 08 and 09, in daylight time. */
const newYorkBehindMs = 4 * 3_600_000;

export interface LeanFile {
  readonly symbol: string;
  /** yyyymmdd, the day of New York. */
  readonly day: string;
  readonly kind: 'trade' | 'quote';
}

/** Each line of a file with its time; its other columns as they stand. */
export function readLeanRows({ symbol, day, kind }: LeanFile): { readonly timeUs: number; readonly columns: readonly string[] }[] {
  const file = join(dataDirectory, 'lean/equity/usa/tick', symbol.toLowerCase(), `${day}_${kind}.zip`);
  const midnightMs = Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6))) + newYorkBehindMs;
  const lines = onlyFileOf(readFileSync(file)).split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [ms, ...columns] = line.split(',');
      return { timeUs: (midnightMs + Number(ms)) * 1_000, columns };
    });
}

export function readLeanTrades({ symbol, day }: Omit<LeanFile, 'kind'>): LeanTrade[] {
  return readLeanRows({ symbol, day, kind: 'trade' }).map(({ timeUs, columns: [price, size, exchange, conditions, suspicious] }) => ({
    timeUs,
    price: Number(price) / 10_000,
    size: Number(size),
    exchange,
    conditions,
    suspicious: suspicious === '1',
  }));
}

/** The text of a zip's one file, found by the directory at its end. */
function onlyFileOf(zip: Buffer): string {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const entry = zip.readUInt32LE(end + 16);
  const compressedBytes = zip.readUInt32LE(entry + 20);
  const header = zip.readUInt32LE(entry + 42);
  const from = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const content = zip.subarray(from, from + compressedBytes);
  return (zip.readUInt16LE(entry + 10) === 0 ? content : inflateRawSync(content)).toString('latin1');
}
