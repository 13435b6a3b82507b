import fc from 'fast-check';
import { filterSql, filterSymbolsMax } from './filter-sql.js';

describe('filterSql', () => {
  it('is nothing where everything passes', () => {
    expect(filterSql({})).toBeUndefined();
  });

  it('writes each part once, joined by AND', () => {
    const filter = {
      symbols: ['SPY', 'BRK.B'],
      market: 'usa/equity',
      fromUs: 1,
      toUs: 2,
      asOfUs: 3,
      modelId: 'model@1',
      templateId: 'unary-1',
    };
    expect(filterSql(filter)).toBe(
      "symbol IN ('SPY', 'BRK.B') AND market = 'usa/equity' AND timestamp >= to_timestamp_micros(1) AND timestamp < to_timestamp_micros(2) " +
        "AND timestamp <= to_timestamp_micros(3) AND model_id = 'model@1' AND template_id = 'unary-1'",
    );
  });

  it('leaves out a window around a moment, cut at the epoch', () => {
    expect(filterSql({ exclude: { symbol: 'SPY', timeUs: 5_000_000, seconds: 10 } })).toBe(
      "NOT (symbol = 'SPY' AND timestamp > to_timestamp_micros(0) AND timestamp < to_timestamp_micros(15000000))",
    );
  });

  it('doubles a quote in the name of a maker, where one may stand', () => {
    expect(filterSql({ modelId: "o'model" })).toBe("model_id = 'o''model'");
  });

  it('refuses too many symbols', () => {
    const symbols = Array.from({ length: filterSymbolsMax + 1 }, (_, index) => `S${index}`);
    expect(() => filterSql({ symbols })).toThrow(/symbols has 1001 values/);
  });

  it('lets no text out of its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const filter of [{ symbols: [text] }, { market: text }, { modelId: text }, { templateId: text }]) {
          expect(sqlOutsideQuotes(filter)).toMatch(/^(refused|[a-z_]+ (= \?|IN \(\?\)))$/);
        }
      }),
    );
  });
});

function sqlOutsideQuotes(filter: Parameters<typeof filterSql>[0]): string {
  try {
    return (filterSql(filter) ?? '').replaceAll(/'(?:[^']|'')*'/g, '?');
  } catch {
    return 'refused';
  }
}
