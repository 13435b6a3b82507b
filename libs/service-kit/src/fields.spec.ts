import { z } from 'zod';
import { commaList, flag, isoTime, oneOf, url, wholeNumber } from './fields.js';
import { parseFields, parseQuery } from './query.js';

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

const shape = {
  limit: wholeNumber({ min: 1, max: 10 }).default(5),
  from: isoTime().optional(),
  symbols: commaList(
    z
      .string()
      .regex(/^[A-Z]+$/)
      .describe('capital letters'),
    { max: 3 },
  ).optional(),
  format: oneOf(['json', 'csv']).default('json'),
  exact: flag().optional(),
  at: url(['http', 'https']).optional(),
};

describe('a query', () => {
  it('is parsed into what it means', () => {
    const query = { limit: '7', from: '2013-10-07T13:30:00.000001Z', symbols: 'SPY,IBM,SPY', exact: 'true', at: 'http://a:1/' };
    expect(parseQuery(shape, query)).toEqual({
      limit: 7,
      from: 1_381_152_600_000_001,
      symbols: ['SPY', 'IBM'],
      format: 'json',
      exact: true,
      at: 'http://a:1',
    });
    expect(parseQuery(shape, undefined)).toEqual({ limit: 5, format: 'json' });
  });

  it.each([
    [{ limit: '0' }, 'limit="0": a whole number from 1 to 10'],
    [{ limit: '5.5' }, 'limit="5.5": a whole number from 1 to 10'],
    [{ limit: ['1', '2'] }, 'limit=["1","2"]: a whole number from 1 to 10'],
    [{ from: '2013-02-30' }, 'from="2013-02-30": a time in ISO 8601, as 2013-10-07T13:30:00Z'],
    [{ symbols: '' }, 'symbols="": 1 to 3 values with commas between, each capital letters'],
    [{ symbols: 'SPY,ibm' }, 'symbols="SPY,ibm": 1 to 3 values with commas between, each capital letters'],
    [{ symbols: 'A,B,C,D' }, 'symbols="A,B,C,D": 1 to 3 values with commas between, each capital letters'],
    [{ format: 'xml' }, 'format="xml": one of json, csv'],
    [{ at: 'ftp://a' }, 'at="ftp://a": an absolute URL: http://host:port or https://host:port'],
    [{ limits: '1' }, 'limits="1": there is no such field, only limit, from, symbols, format, exact, at'],
    [{ limit: 'x', format: 'xml' }, 'limit="x": a whole number from 1 to 10; format="xml": one of json, csv'],
  ])('is refused with %j in words: %s', (query, message) => {
    expect(refusal(() => parseQuery(shape, query))).toBe(message);
  });

  it('cuts off a long value', () => {
    expect(refusal(() => parseQuery(shape, { limit: 'x'.repeat(1_000) })).length).toBeLessThan(200);
  });

  it('cuts between characters', () => {
    for (const value of ['😀'.repeat(100), `A${'😀'.repeat(100)}`]) {
      const message = refusal(() => parseQuery(shape, { limit: value }));
      expect(message).toContain('😀…');
      expect(message.isWellFormed()).toBe(true);
    }
  });
});

describe('a body', () => {
  const schema = z.strictObject({ filter: z.strictObject({ k: z.number().int().describe('a whole number') }).optional() });

  it('is refused at the place of the fault', () => {
    expect(refusal(() => parseFields(schema, { filter: { k: 'x' } }))).toBe('filter.k="x": a whole number');
    expect(refusal(() => parseFields(schema, { filter: {} }))).toBe('filter.k is missing: a whole number');
    expect(refusal(() => parseFields(schema, { filter: { k: 1, l: 2 } }))).toBe('filter.l=2: there is no such field, only k');
    expect(refusal(() => parseFields(schema, 'text'))).toBe('body="text": an object');
  });

  it('is refused in words where its schema has none', () => {
    const colours = z.enum(['red', 'blue']);
    const bare = z.strictObject({ list: z.array(z.number()).optional(), byColour: z.partialRecord(colours, z.string()).optional() });
    expect(refusal(() => parseFields(bare, { list: [1, NaN] }))).toBe('list.1=NaN: a finite number');
    expect(refusal(() => parseFields(bare, { byColour: { red: 1 } }))).toBe('byColour.red=1: a text');
    expect(refusal(() => parseFields(bare, { byColour: { grey: 'x' } }))).toBe('byColour.grey="x": there is no such field, only red, blue');
    expect(refusal(() => parseFields(z.strictObject({ colours: z.array(colours) }), { colours: ['grey'] }))).toBe(
      'colours.0="grey": one of red, blue',
    );
  });
});
