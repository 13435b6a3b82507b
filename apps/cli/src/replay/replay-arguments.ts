import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { HindcastError, type TickKind } from '@hindcast/contracts';
import { batchRowsMax } from '@hindcast/market';

/** As commander hands them over. */
export interface ReplayOptions {
  readonly format: string;
  readonly data: string;
  readonly symbols: string;
  readonly from: string;
  readonly to: string;
  readonly kinds: string;
  readonly speed: string;
  readonly batch: string;
  readonly restart?: boolean;
  readonly waitEmbeddings?: boolean;
}

export interface ReplayArguments {
  readonly dataDir: string;
  readonly symbols: readonly string[];
  readonly fromDay: string;
  readonly toDay: string;
  readonly kinds: readonly TickKind[];
  /** Times real time; Infinity is as fast as it goes. */
  readonly speed: number;
  readonly batchRows: number;
  readonly restart: boolean;
  readonly waitEmbeddings: boolean;
}

const speedMax = 1_000_000;

export function parseReplay(options: ReplayOptions): ReplayArguments {
  if (options.format !== 'lean') throw invalid('format', options.format, 'lean is the one that is read');
  const batchRows = Number(options.batch);
  if (!Number.isSafeInteger(batchRows) || batchRows < 1 || batchRows > batchRowsMax) {
    throw invalid('batch', options.batch, `a whole number from 1 to ${batchRowsMax}`);
  }
  return {
    dataDir: resolve(options.data),
    symbols: parseList(options.symbols).map((symbol) => symbol.toUpperCase()),
    fromDay: options.from,
    toDay: options.to,
    kinds: parseKinds(options.kinds),
    speed: parseSpeed(options.speed),
    batchRows,
    restart: options.restart ?? false,
    waitEmbeddings: options.waitEmbeddings ?? false,
  };
}

export function parseList(text: string): readonly string[] {
  return [
    ...new Set(
      text
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    ),
  ];
}

function parseKinds(text: string): readonly TickKind[] {
  const kinds = parseList(text);
  const known = kinds.filter((kind): kind is TickKind => kind === 'trades' || kind === 'quotes');
  if (known.length === 0 || known.length < kinds.length) throw invalid('kinds', text, 'trades, quotes or both with a comma between');
  return known;
}

function parseSpeed(text: string): number {
  if (text === 'max') return Infinity;
  const speed = Number(text);
  if (!(speed > 0) || speed > speedMax) throw invalid('speed', text, `max, or a number above 0 and at most ${speedMax}`);
  return speed;
}

function invalid(option: string, value: string, allowed: string): HindcastError {
  return new HindcastError('FIELD_INVALID', `--${option} ${value}: allowed is ${allowed}.`);
}

/**
 * The same for every replay that sends the same rows in the same order: speed and batch size may change between a stop
 * and going on, and the order in which symbols are named does not matter.
 */
export function replayKey({ dataDir, symbols, fromDay, toDay, kinds }: ReplayArguments): string {
  const order = JSON.stringify(['lean', dataDir, symbols.toSorted(), fromDay, toDay, kinds.toSorted()]);
  return createHash('sha256').update(order).digest('hex').slice(0, 16);
}
