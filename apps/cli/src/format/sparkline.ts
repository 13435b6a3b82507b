const blocks = '▁▂▃▄▅▆▇█';

/** The newest prices as blocks between the lowest and the highest of them. */
export function sparkline(prices: readonly number[], width: number): string {
  const shown = prices.slice(-width);
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const blockOf = (price: number): string => blocks[high === low ? 3 : Math.round(((price - low) / (high - low)) * (blocks.length - 1))];
  return shown.map(blockOf).join('');
}
