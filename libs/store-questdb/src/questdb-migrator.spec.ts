import { statementsOf } from './questdb-migrator.js';

describe('statementsOf', () => {
  it('cuts at semicolons, but for those in quotes and comments', () => {
    const text = "-- one; not two\nCREATE TABLE a (x INT); -- and\nINSERT INTO a VALUES ('it''s; --');\n\nSELECT 1 - 2";
    expect(statementsOf(text)).toEqual(['CREATE TABLE a (x INT)', "INSERT INTO a VALUES ('it''s; --')", 'SELECT 1 - 2']);
  });
});
