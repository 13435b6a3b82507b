import type { MemorySpan } from './moment-store.js';

/** Spans of one instrument that touch or overlap as one, ordered by (market, symbol, from). */
export function joinedSpans(spans: readonly MemorySpan[]): readonly MemorySpan[] {
  const order = [...spans].sort(
    (one, other) => one.market.localeCompare(other.market) || one.symbol.localeCompare(other.symbol) || one.fromUs - other.fromUs,
  );
  const result: MemorySpan[] = [];
  for (const span of order) {
    const last = result.at(-1);
    if (last !== undefined && last.market === span.market && last.symbol === span.symbol && span.fromUs <= last.toUs) {
      result[result.length - 1] = { ...last, toUs: Math.max(last.toUs, span.toUs) };
    } else result.push(span);
  }
  return result;
}
