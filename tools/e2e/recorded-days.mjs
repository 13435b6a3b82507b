/** The recorded files read once more, in the plainest way and without anything of the services: what they are measured by. */
import { readLeanRows, readLeanTrades } from '@hindcast/testing';

const secondUs = 1_000_000;

/** Silence after which an instrument's tick rule begins anew: a window of 300 bars, and an hour. */
const silentBars = 3_900;

/** Trades of a symbol over days of New York (yyyymmdd), in the order of time, those of one time in the order of the file. */
export function recordedTrades(symbol, days) {
  const trades = days.flatMap((day) => readLeanTrades({ symbol, day }));
  return withSides(trades.toSorted((a, b) => a.timeUs - b.timeUs));
}

/** `yyyy-mm-dd` of UTC to the number of quotes, for a symbol and days of New York. */
export function quotesByUtcDay(symbol, days) {
  const rows = days.flatMap((day) => readLeanRows({ symbol, day, kind: 'quote' }));
  return countBy(rows, ({ timeUs }) => utcDayOf(timeUs));
}

export function tradesByUtcDay(trades) {
  return countBy(trades, ({ timeUs }) => utcDayOf(timeUs));
}

/** The bars of trades in order, each from its trades alone. */
export function barsOf(trades, intervalUs) {
  const groups = Map.groupBy(trades, ({ timeUs }) => Math.floor(timeUs / intervalUs) * intervalUs);
  return [...groups].map(([startUs, group]) => ({
    startUs,
    open: group[0].price,
    high: Math.max(...group.map(({ price }) => price)),
    low: Math.min(...group.map(({ price }) => price)),
    close: group.at(-1).price,
    volume: sumOf(group),
    vwap: group.reduce((total, { price, size }) => total + price * size, 0) / sumOf(group),
    buy_volume: sumOf(group.filter(({ side }) => side === 'B')),
    sell_volume: sumOf(group.filter(({ side }) => side === 'S')),
    trades: group.length,
  }));
}

/** The tick rule of Lee and Ready: bought above the last other price, sold below it. */
function withSides(trades) {
  let previous;
  let side = null;
  return trades.map((trade) => {
    const bars = previous === undefined ? Infinity : Math.floor(trade.timeUs / secondUs) - Math.floor(previous.timeUs / secondUs) - 1;
    if (bars >= silentBars) side = null;
    else if (trade.price !== previous.price) side = trade.price > previous.price ? 'B' : 'S';
    previous = trade;
    return { ...trade, side };
  });
}

function sumOf(trades) {
  return trades.reduce((total, { size }) => total + size, 0);
}

function utcDayOf(timeUs) {
  return new Date(timeUs / 1000).toISOString().slice(0, 10);
}

function countBy(rows, nameOf) {
  return Object.fromEntries([...Map.groupBy(rows, nameOf)].map(([name, group]) => [name, group.length]));
}
