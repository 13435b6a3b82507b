import { gzipSync } from 'node:zlib';
import { FolderOfFiles } from './files.fixture.js';
import { zipOf } from './zip.fixture.js';

let folder: FolderOfFiles;
beforeEach(async () => (folder = await FolderOfFiles.make()));
afterEach(() => folder.remove());

const hints = { market: 'okx/spot', symbol: 'BTC-USDT' };
const head = 'timestamp,id,price,size';

describe('what a file may have without being wrong', () => {
  it('is a byte order mark, CRLF, empty lines, quotes, a delimiter and a line end inside of them', async () => {
    const csv = `\uFEFF${head},conditions\r\n\r\n1704067200000,"1",1.5,2,"a ""b"", c"\r\n\r\n1704067201000,2,1.5,2,"one\ntwo"\r\n1704067202000,3,1.5,2,\r\n`;
    const plan = await folder.plan([await folder.write('ticks.csv', csv)], hints);
    const batches = await folder.batches(plan);
    const [{ trades, rejected, origins }] = batches;
    expect(rejected).toEqual([]);
    expect(trades.conditions.values).toEqual(['a "b", c', 'one\ntwo', '']);
    expect([0, 1, 2].map(origins.line)).toEqual([3, 5, 7]);
  });

  it('is an order of its own: rows are put in the order of time, those of one time stay as they are', async () => {
    const times = [3, 1, 2, 1].map((second, at) => `${1_704_067_200 + second},${at},1.5,2`);
    const path = await folder.write('ticks.csv', [head, ...times].join('\n'));
    const plan = await folder.plan([path], hints);
    expect(plan.files[0].found).toMatchObject({ rows: 4, isOrdered: false, firstUs: 1_704_067_201_000_000, lastUs: 1_704_067_203_000_000 });
    const [{ origins, trades }] = await folder.batches(plan);
    expect(Array.from({ length: trades.length }, (_, position) => origins.line(position))).toEqual([3, 5, 4, 2]);
  });
});

describe('rows that are no ticks', () => {
  it('are rejected one by one, with their line, and the others go in', async () => {
    const rows = [
      '1704067200000,1,abc,2',
      '1704067200000,2,1.5',
      'yesterday,3,1.5,2',
      '1704067200000,4,1.5,2',
      `1704067200000,${'5'.repeat(65)},1.5,2`,
      '1704067200000,6,NaN,2',
    ];
    const plan = await folder.plan([await folder.write('ticks.csv', [head, ...rows].join('\n'))], hints);
    expect(plan.files[0].found).toMatchObject({ rows: 6, unreadable: 4, firstFault: { line: 2 } });
    const [{ rejected, trades, origins }] = await folder.batches(plan);
    expect(rejected.map(({ position, message, text }) => [origins.line(position), message, text])).toEqual([
      [2, 'price is "abc", which is not a number', '"1704067200000,1,abc,2"'],
      [3, 'the line has 3 cells, the first line has 4', '"1704067200000,2,1.5"'],
      [4, 'timestamp is "yesterday", which is not a time', '"yesterday,3,1.5,2"'],
      [6, `id is "${'5'.repeat(64)}", which is not an id of 64 bytes at most`, expect.any(String)],
    ]);
    // What is a number, or none, admission judges.
    expect(trades.price).toEqual(Float64Array.of(1.5, NaN));
  });
});

it('a row of the future is left to admission: the second of the trade before it is over, its own is not', async () => {
  const rows = ['1704067200000,1,1.5,2', '2704067200000,2,1.5,2'];
  const path = await folder.write('ticks.csv', [head, ...rows].join('\n'));
  const batches = await folder.batches(await folder.plan([path], hints));
  const ended = { market: 'okx/spot', symbol: 'BTC-USDT', timeUs: 1_704_067_201_000_000 };
  expect(batches.map(({ trades, marks }) => [trades.length, marks])).toEqual([
    [1, [ended]],
    [1, []],
  ]);
});

describe('files that cannot go in', () => {
  it('are named all at once, before anything is sent', async () => {
    const whole = gzipSync(`${head}\n${'1704067200000,1,1.5,2\n'.repeat(10_000)}`);
    const cut = await folder.write('cut.csv.gz', whole.subarray(0, whole.length - 20));
    const good = await folder.write('good.csv', `${head}\n1704067200000,1,1.5,2\n`);
    const open = await folder.write('open.csv', `${head}\n"${'1704067200000,1,1.5,2\n'.repeat(5_000)}`);
    const planning = folder.plan([good, cut, open], hints);
    await expect(planning).rejects.toMatchObject({
      code: 'BODY_INVALID',
      message: expect.stringMatching(/^2 files cannot go in:\n {2}/),
    });
    await expect(planning).rejects.toThrow(`\n  ${cut} cannot be read: it is cut off`);
    await expect(planning).rejects.toThrow(`${open}: line 2 has more than 65536 characters, or a quote that is never closed.`);
  });

  it.each([
    ['an empty file', '', 'is empty'],
    ['a file of empty lines', '\n\n', 'there is no line in it'],
    ['names of columns alone', `${head}\n`, 'there is no row'],
    ['two columns of one name', 'timestamp,price,size,price\n1704067200000,1,2,3\n', '"price" occurs more than once'],
    ['something else', '\u0001\u0000\u0002', 'is no text'],
  ])('are refused: %s', async (_title, content, words) => {
    const path = await folder.write('ticks.csv', content);
    await expect(folder.plan([path], hints)).rejects.toMatchObject({ message: expect.stringContaining(words) });
  });

  it.each([
    [
      'of an unknown format: what is known is said',
      'a,b\n1,2\n',
      hints,
      'is of no format that is known. Its columns are a, b. Known are: LEAN',
    ],
    ['that do not say of whom they are', `${head}\n1704067200000,1,1.5,2\n`, { market: 'okx/spot' }, 'name --symbol'],
    ['that do not say of which market', `${head}\n1704067200000,1,1.5,2\n`, { symbol: 'X' }, 'name --market'],
    ['without a column that is named', `${head}\n`, { ...hints, columns: { price: 'px' } }, '--columns price=px'],
    [
      'without a column that is needed',
      'ts,px\n',
      { ...hints, columns: { timestamp: 'ts', price: 'px' } },
      'no column is known for size of trades',
    ],
  ])('are refused: %s', async (_title, content, given, words) => {
    const path = await folder.write('ticks.csv', content);
    await expect(folder.plan([path], given)).rejects.toMatchObject({ code: 'FIELD_INVALID', message: expect.stringContaining(words) });
  });

  it('are refused: what is not there, and folders without any', async () => {
    await expect(folder.plan([`${folder.dir}/none.csv`])).rejects.toMatchObject({
      code: 'FIELD_INVALID',
      message: expect.stringContaining('no such file'),
    });
    await folder.write('docs/README.md', 'text');
    await expect(folder.plan([`${folder.dir}/docs`])).rejects.toThrow('no file in it that may hold ticks');
  });
});

describe('many files', () => {
  it('in one zip are refused where it is named, and left out, which is told, where a folder holds it', async () => {
    const text = `${head}\n1704067200000,1,1.5,2\n`;
    const zip = await folder.write('in/two.zip', zipOf(['a.csv', text], ['b.csv', text]));
    await expect(folder.plan([zip], hints)).rejects.toThrow(`${zip} holds several files, a.csv and b.csv among them`);
    await folder.write('in/one.csv', text);
    expect(await folder.plan([`${folder.dir}/in`], hints)).toMatchObject({ rows: 1, leftOut: [zip] });
  });

  it('in one zip are one table, where the others are about it', async () => {
    const text = `${head}\n1704067200000,1,1.5,2\n`;
    const zip = await folder.write('one.zip', zipOf(['__MACOSX/._a.csv', 'x'], ['readme.txt', 'x'], ['a.csv', text]));
    expect(await folder.plan([zip], hints)).toMatchObject({ rows: 1, leftOut: [`${zip}: readme.txt`] });
    const more = await folder.write('more.zip', zipOf(['a.csv', text], ['b.txt', text], ['c.txt', text], ['d.txt', text], ['e.md', 'x']));
    expect(await folder.plan([more], hints)).toMatchObject({ rows: 1, leftOut: [`${more}: b.txt and 2 more`] });
    const only = await folder.write('only.zip', zipOf(['a.txt', text]));
    expect(await folder.plan([only], hints)).toMatchObject({ rows: 1, leftOut: [] });
  });

  it.each(['b.parquet', 'b.arrow', 'b.csv.gz', 'b.zip', 'in/b.tsv'])('in one zip are several where %s is one of them', async (other) => {
    const text = `${head}\n1704067200000,1,1.5,2\n`;
    const zip = await folder.write('two.zip', zipOf(['a.csv', text], [other, 'x']));
    await expect(folder.plan([zip], hints)).rejects.toThrow(`${zip} holds several files, a.csv and ${other} among them`);
    const packed = await folder.write('packed.zip', zipOf(['readme.txt', text], [other, text]));
    if (other.endsWith('.tsv')) expect(await folder.plan([packed], hints)).toMatchObject({ rows: 1 });
    else await expect(folder.plan([packed], hints)).rejects.toThrow(`${packed} cannot be read: ${other} in it must be unpacked first.`);
  });

  it('in one zip are several texts, where there is no table', async () => {
    const zip = await folder.write('texts.zip', zipOf(['a.txt', 'x'], ['b.txt', 'x'], ['c.txt', 'x']));
    await expect(folder.plan([zip], hints)).rejects.toThrow(`${zip} holds several files, a.txt and b.txt among them`);
  });

  it('go in without those that a folder holds beside them and nobody understands; a named one is refused', async () => {
    const ticks = await folder.write('mixed/ticks.csv', `${head}\n1704067200000,1,1.5,2\n`);
    const factors = await folder.write('mixed/factors.csv', 'day,factor\n20131007,0.98\n');
    const plan = await folder.plan([`${folder.dir}/mixed`], { ...hints });
    expect(plan).toMatchObject({ rows: 1, leftOut: [factors] });
    expect(plan.key).toBe((await folder.plan([ticks], hints)).key);
    await expect(folder.plan([`${folder.dir}/mixed`, factors], hints)).rejects.toThrow(`${factors} is of no format that is known.`);
    await folder.write('strange/factors.csv', 'day,factor\n');
    await expect(folder.plan([`${folder.dir}/strange`], hints)).rejects.toThrow('Known are: LEAN');
  });

  it('are found in folders and by patterns, each once', async () => {
    const file = (second: number) => `${head}\n${1_704_067_200 + second},1,1.5,2\n`;
    await folder.write('a/b/2.csv', file(2));
    await folder.write('a/1.csv', file(1));
    await folder.write('a/notes.md', 'text');
    const plan = await folder.plan([`${folder.dir}/a`, `${folder.dir}/a/*.csv`, `${folder.dir}/a/1.csv`], hints);
    expect(plan.files.flatMap(({ paths }) => paths)).toHaveLength(2);
    expect(plan.rows).toBe(2);
  });

  it('that overlap give the same ids to the same rows', async () => {
    const rows = Array.from({ length: 30 }, (_, at) => `${1_704_067_200 + Math.floor(at / 3)},1.5,2`);
    const one = await folder.write('1.csv', ['timestamp,price,size', ...rows.slice(0, 21)].join('\n'));
    const two = await folder.write('2.csv', ['timestamp,price,size', ...rows.slice(9)].join('\n'));
    const ids = (told: readonly string[]) => told.filter((line) => !line.startsWith('mark')).map((line) => line.split('#')[1]);
    const both = ids(await folder.told([one, two], hints));
    expect(both).toHaveLength(42);
    expect(new Set(both).size).toBe(30);
  });
});
