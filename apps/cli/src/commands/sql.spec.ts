import { answerText, sqlRequest } from './sql.js';

const answer = {
  columns: [
    { name: 'symbol', type: 'VARCHAR' },
    { name: 'price', type: 'DOUBLE' },
    { name: 'tags', type: 'VARCHAR[]' },
  ],
  rows: [
    ['SPY', 168.25, ['a', 'b']],
    ['a "b",\u001b[2Jc', null, null],
  ],
  truncated: false,
  instruments: 2,
  elapsed_ms: 1,
};

it('an answer is a table, CSV or JSON, and nothing in it reaches the terminal as a command', () => {
  expect(answerText(answer, 'table').split('\n')).toEqual([
    'symbol        price  tags',
    '-----------  ------  ---------',
    'SPY          168.25  ["a","b"]',
    'a "b", [2Jc       -  -',
  ]);
  expect(answerText(answer, 'csv')).toBe('symbol,price,tags\r\nSPY,168.25,"[""a"",""b""]"\r\n"a ""b"",\u001b[2Jc",,');
  expect(JSON.parse(answerText(answer, 'json'))).toEqual([
    { symbol: 'SPY', price: 168.25, tags: ['a', 'b'] },
    { symbol: 'a "b",\u001b[2Jc', price: null, tags: null },
  ]);
});

it('a question is parsed before anybody is asked', () => {
  expect(sqlRequest('SELECT 1', { symbols: 'SPY,IBM', limit: '10' })).toEqual({ sql: 'SELECT 1', symbols: ['SPY', 'IBM'], limit: 10 });
  expect(() => sqlRequest('SELECT 1', { limit: '0' })).toThrow('--limit 0: allowed is a whole number from 1 to 100000.');
});
