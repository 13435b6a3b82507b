import { usFromIso } from '@hindcast/contracts';
import { sideCodes } from '@hindcast/market';
import type { LiveQuote, LiveTrade } from '../live/live-ticks.js';

/** Which tape a key may read: `sip` is all US exchanges, `iex` one of them, free. */
export const alpacaTapes = ['iex', 'sip', 'delayed_sip', 'test'] as const;
export type AlpacaTape = (typeof alpacaTapes)[number];

/** A message of the stream, or a trade of the history; fields as Alpaca names them. */
export type AlpacaMessage = Readonly<Record<string, unknown>>;

/** Numbers of 16 digits and more would lose digits as doubles: an id is kept as it was written. */
const longId = /"i":\s*(\d{16,20})(?=[,}])/g;

/** Undefined for what is no list of messages. */
export function alpacaMessages(text: string): readonly AlpacaMessage[] | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(longId, '"i":"$1"'));
    return Array.isArray(value) && value.every((message) => typeof message === 'object' && message !== null)
      ? (value as readonly AlpacaMessage[])
      : undefined;
  } catch {
    return undefined;
  }
}

const number = (value: unknown): number => (typeof value === 'number' ? value : NaN);
const word = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
const timeUs = (value: unknown): number | undefined => usFromIso(word(value));
const conditionsOf = (value: unknown): string => (Array.isArray(value) ? value.map((each) => word(each).trim()).join(',') : '');

/** Alpaca does not say who took: the tick rule does. */
export function alpacaTrade({ i, t, p, s, x, c }: AlpacaMessage): LiveTrade | undefined {
  const id = word(i);
  const eventUs = timeUs(t);
  const price = number(p);
  const size = number(s);
  if (id === '' || eventUs === undefined || !(price > 0) || !(size > 0)) return undefined;
  const conditions = conditionsOf(c);
  return { id, number: NaN, firstNumber: NaN, timeUs: eventUs, price, size, side: sideCodes.none, exchange: word(x), conditions };
}

/** A price of 0 is an empty side. The exchange is named where both sides are of one. Sizes are as Alpaca gives them. */
export function alpacaQuote({ t, bp, bs, bx, ap, as: askSize, ax, c }: AlpacaMessage): LiveQuote | undefined {
  const eventUs = timeUs(t);
  const bid = number(bp) > 0 ? number(bp) : NaN;
  const ask = number(ap) > 0 ? number(ap) : NaN;
  if (eventUs === undefined || (Number.isNaN(bid) && Number.isNaN(ask))) return undefined;
  const told = `${word(bx)}${word(bp)}x${word(bs)}/${word(ax)}${word(ap)}x${word(askSize)}`;
  return {
    id: told.slice(0, 64),
    timeUs: eventUs,
    bid,
    bidSize: Number.isNaN(bid) ? NaN : number(bs),
    ask,
    askSize: Number.isNaN(ask) ? NaN : number(askSize),
    exchange: bx === ax ? word(bx) : '',
    conditions: conditionsOf(c),
  };
}
