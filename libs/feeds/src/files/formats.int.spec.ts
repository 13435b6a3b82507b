import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { encodeQuotes, quoteColumns, tradeColumns, tradeStream } from '@hindcast/market';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { FolderOfFiles } from './files.fixture.js';
import { zipOf } from './zip.fixture.js';

let folder: FolderOfFiles;
beforeEach(async () => (folder = await FolderOfFiles.make()));
afterEach(() => folder.remove());

describe("tardis.dev's files", () => {
  it('have microseconds, the ids of the exchange, and the side of the aggressor', async () => {
    const csv = [
      'exchange,symbol,timestamp,local_timestamp,id,side,price,amount',
      'binance,BTCUSDT,1583020803145001,1583020803307160,7,sell,8531.5,0.25',
      'binance,BTCUSDT,1583020804000000,1583020804100000,8,unknown,8531.6,1',
      '',
    ].join('\n');
    const path = await folder.write('binance_trades_2020-03-01_BTCUSDT.csv.gz', gzipSync(csv));
    expect(await folder.told([path])).toEqual([
      '2020-03-01T00:00:03.145001Z binance binance/spot BTC-USDT #7 8531.5 0.25 S',
      '2020-03-01T00:00:04Z binance binance/spot BTC-USDT #8 8531.6 1 -',
      'mark binance/spot BTC-USDT 2020-03-01T00:00:05Z',
    ]);
  });

  it('have quotes of which one side may be absent', async () => {
    const csv = [
      'exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount',
      'huobi-dm-swap,BTC-USD,1588291201099000,1588291201234268,5494,8629.3,8629.2,806',
      'huobi-dm-swap,BTC-USD,1588291201099000,1588291201234268,,,8629.2,807',
    ].join('\n');
    const path = await folder.write('huobi-dm-swap_quotes_2020-05-01_BTC-USD.csv', csv);
    expect(await folder.told([path])).toEqual([
      '2020-05-01T00:00:01.099Z huobi huobi/inverse BTC-USD #1588291201099000-0 8629.2 806 8629.3 5494',
      '2020-05-01T00:00:01.099Z huobi huobi/inverse BTC-USD #1588291201099000-1 8629.2 807 NaN NaN',
    ]);
  });

  it('know contracts by their symbols', async () => {
    const row = (symbol: string) => `bitmex,${symbol},1583020803145000,1583020803307160,${symbol},buy,1,1`;
    const head = 'exchange,symbol,timestamp,local_timestamp,id,side,price,amount';
    const path = await folder.write('bitmex_trades_2020-03-01_PERPETUALS.csv', [head, row('XBTUSD'), row('ETHUSDT')].join('\n'));
    const told = await folder.told([path]);
    expect(told.map((line) => line.split(' ').slice(2, 4).join(' ')).slice(0, 2)).toEqual([
      'bitmex/inverse BTC-USD',
      'bitmex/linear ETH-USDT',
    ]);
  });
});

describe("what tells one trade of tardis.dev's files from another", () => {
  const csv = [
    'exchange,symbol,timestamp,local_timestamp,id,side,price,amount',
    'okex-swap,BTC-USDT-SWAP,1583020803145001,1583020803307160,7,sell,8531.5,0.25',
    'okex-swap,BTC-USDT-SWAP,1583020804000000,1583020804100000,,buy,8531.6,1',
  ].join('\n');

  it('is what stands in the row, and not what the file is named', async () => {
    const own = await folder.told([await folder.write('okex-swap_trades_2020-03-01_BTC-USDT-SWAP.csv', csv)]);
    expect(own[0]).toMatch(/^2020-03-01T00:00:03.145001Z okx okx\/linear .* #7 /);
    for (const name of ['copy.csv', 'binance_trades_2020-03-01_BTCUSDT.csv'])
      expect(await folder.told([await folder.write(name, csv)])).toEqual(own);
  });

  it('is a source that a person names, before the row', async () => {
    const told = await folder.told([await folder.write('ticks.csv', csv)], { source: 'desk' });
    expect(told[0]).toMatch(/^2020-03-01T00:00:03.145001Z desk okx\/linear /);
  });

  it("are currencies by their live feeds' names", async () => {
    const row = (symbol: string) => `kraken,${symbol},1583020803145000,1583020803307160,${symbol},buy,1,1`;
    const head = 'exchange,symbol,timestamp,local_timestamp,id,side,price,amount';
    const path = await folder.write('kraken.csv', [head, row('XBT/USD'), row('ETH/XBT'), row('XDG/EUR')].join('\n'));
    const told = await folder.told([path]);
    const instruments = told.filter((line) => !line.startsWith('mark')).map((line) => line.split(' ').slice(1, 4).join(' '));
    expect(instruments).toEqual(['kraken kraken/spot BTC-USD', 'kraken kraken/spot ETH-BTC', 'kraken kraken/spot DOGE-EUR']);
  });
});

describe("Binance's public data", () => {
  const spot = '5,42000.10,0.5,21000.05,1704067200000,True,True\n6,42000.20,0.25,10500.05,1735689600000001,False,True\n';

  it('of spot names no columns, and has milliseconds, since 2025 microseconds', async () => {
    const path = await folder.write('BTCUSDT-trades-2024-01.zip', zipOf(['BTCUSDT-trades-2024-01.csv', spot]));
    expect(await folder.told([path])).toEqual([
      '2024-01-01T00:00:00Z binance binance/spot BTC-USDT #5 42000.1 0.5 S',
      '2025-01-01T00:00:00.000001Z binance binance/spot BTC-USDT #6 42000.2 0.25 B',
      'mark binance/spot BTC-USDT 2025-01-01T00:00:01Z',
    ]);
  });

  it('of futures names them, and tells kind of contract by folder and symbol', async () => {
    const csv = 'id,price,qty,quote_qty,time,is_buyer_maker\n5,42000.10,0.5,21000.05,1704067200000,true\n';
    const linear = await folder.write('futures/um/daily/trades/ETHUSDT/ETHUSDT-trades-2024-01-01.csv', csv);
    const inverse = await folder.write('BTCUSD_PERP-trades-2024-01-01.csv', csv);
    const dated = await folder.write('BTCUSDT_240329-trades-2024-01-01.csv', csv);
    const told = await folder.told([linear, inverse, dated]);
    expect(told.filter((line) => !line.startsWith('mark'))).toEqual([
      '2024-01-01T00:00:00Z binance binance/inverse BTC-USD #5 42000.1 0.5 S',
      '2024-01-01T00:00:00Z binance binance/linear BTC-USDT-240329 #5 42000.1 0.5 S',
      '2024-01-01T00:00:00Z binance binance/linear ETH-USDT #5 42000.1 0.5 S',
    ]);
  });

  it('of aggregated trades has ids of its own', async () => {
    const path = await folder.write('BTCUSDT-aggTrades-2024-01-01.csv', '9,42000.1,0.5,11,12,1704067200000,false,true\n');
    expect((await folder.told([path]))[0]).toBe('2024-01-01T00:00:00Z binance-agg binance/spot BTC-USDT #9 42000.1 0.5 B');
  });

  it('of the top of the book is quotes', async () => {
    const csv =
      'update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time\n77,1.5,10,1.6,20,1704067200000,1704067200003\n';
    const path = await folder.write('futures/um/ADAUSDT-bookTicker-2024-01-01.csv', csv);
    expect(await folder.told([path])).toEqual(['2024-01-01T00:00:00Z binance binance/linear ADA-USDT #77 1.5 10 1.6 20']);
  });
});

describe("Hindcast's own exports", () => {
  const fields = { market: 'simulated/spot', symbol: 'BTC-SIM', exchange: '', conditions: '' };
  const trades = [
    { ...fields, timeUs: 1_704_067_200_000_001, id: '1', position: 0, price: 0.1 + 0.2, size: 3, side: 1 },
    { ...fields, timeUs: 1_704_067_200_000_001, id: '2', position: 1, price: 1e-7, size: 5e21, side: 2 },
  ];
  const expected = [
    '2024-01-01T00:00:00.000001Z simulator:7 simulated/spot BTC-SIM #1 0.30000000000000004 3 B',
    // Its side was inferred.
    '2024-01-01T00:00:00.000001Z simulator:7 simulated/spot BTC-SIM #2 1e-7 5e+21 -',
    'mark simulated/spot BTC-SIM 2024-01-01T00:00:01Z',
  ];

  function exported(): Uint8Array {
    const columns = tradeColumns(trades, { source: 'simulator:7', receivedAtUs: 1_704_067_200_100_000 });
    const stream = tradeStream();
    return Buffer.concat([stream.write({ ...columns, sideInferred: Uint8Array.of(0, 1) }), stream.finish()]);
  }

  it('as an Arrow stream keep every bit and who gave the ids', async () => {
    const path = await folder.write('trades.arrows', exported());
    expect(await folder.told([path])).toEqual(expected);
  });

  it('as CSV say the same', async () => {
    const csv = [
      'timestamp,symbol,sequence,market,exchange,trade_id,price,size,side,side_inferred,late,received_at,source,conditions',
      '2024-01-01T00:00:00.000001Z,BTC-SIM,65536,simulated/spot,,1,0.30000000000000004,3,B,false,false,2024-01-01T00:00:00.100Z,simulator:7,',
      '2024-01-01T00:00:00.000001Z,BTC-SIM,65537,simulated/spot,,2,1e-7,5e+21,S,true,false,2024-01-01T00:00:00.100Z,simulator:7,',
    ].join('\n');
    expect(await folder.told([await folder.write('trades.csv', csv)])).toEqual(expected);
  });

  it('have quotes with an absent side', async () => {
    const quote = { ...fields, timeUs: 1_704_067_200_000_000, id: 'q', position: 0, bid: 1.5, bidSize: 2, ask: NaN, askSize: NaN };
    const bytes = encodeQuotes(quoteColumns([quote], { source: 'simulator:7', receivedAtUs: 1 }));
    expect(await folder.told([await folder.write('quotes.arrows', bytes)])).toEqual([
      '2024-01-01T00:00:00Z simulator:7 simulated/spot BTC-SIM #q 1.5 2 NaN NaN',
    ]);
  });

  it('of bars are not taken for ticks', async () => {
    const path = await folder.write('bars.csv', 'timestamp,symbol,market,open,high,low,close,volume,vwap,buy_volume,sell_volume,trades\n');
    await expect(folder.plan([path])).rejects.toMatchObject({ code: 'FIELD_INVALID', message: expect.stringContaining("Hindcast's bars") });
  });
});

describe('tables of others', () => {
  it('are read by the names that people usually give', async () => {
    const csv = 'Time;Ticker;Px;Qty;Side\n2024-01-01 00:00:00.5;btc/usdt;1,5;2;buy\n'.replace('1,5', '1.5');
    const path = await folder.write('ticks.csv', csv);
    expect((await folder.told([path], { market: 'okx/spot' }))[0]).toBe(
      '2024-01-01T00:00:00.500Z file okx/spot BTC-USDT #1704067200500000-0 1.5 2 B',
    );
  });

  it('are asked which columns are not read', async () => {
    const path = await folder.write('ticks.csv', 'ts,price,size,bid,venue_note\n1704067200,1.5,2,1.4,x\n');
    const { files } = await folder.plan([path], { market: 'okx/spot', symbol: 'X' });
    expect(files[0].unreadColumns).toEqual(['bid', 'venue_note']);
  });

  it('are read by the columns that are named, also by number', async () => {
    const path = await folder.write('ticks.tsv', '1704067200.5\t1.5\t2\n1704067200.5\t1.5\t2\n');
    const hints = { columns: { timestamp: '1', price: '2', size: '3' }, symbol: 'X', market: 'okx/spot', source: 'desk' };
    expect((await folder.told([path], hints)).slice(0, 2)).toEqual([
      '2024-01-01T00:00:00.500Z desk okx/spot X #1704067200500000-0 1.5 2 -',
      '2024-01-01T00:00:00.500Z desk okx/spot X #1704067200500000-1 1.5 2 -',
    ]);
  });

  it('in Parquet keep nanoseconds as microseconds, cut and not rounded', async () => {
    const path = `${folder.dir}/a[1].parquet`;
    const connection = await (await DuckDBInstance.create()).connect();
    const rows =
      "make_timestamp_ns(1704067200000001999) AS ts, 'BTC-USDT' AS symbol, 1.1::FLOAT AS price, 2::DECIMAL(9, 2) AS size, 12345678901234567890::UBIGINT AS id";
    await connection.run(`COPY (SELECT ${rows}) TO '${path}' (FORMAT parquet)`);
    expect((await folder.told([path], { market: 'okx/spot' }))[0]).toBe(
      `2024-01-01T00:00:00.000001Z okx okx/spot BTC-USDT #12345678901234567890 ${Math.fround(1.1)} 2 -`,
    );
  });

  it('in an Arrow file are read as well', async () => {
    const table = tableFromArrays({
      ts: BigInt64Array.of(1_704_067_200_000_000_999n),
      bid: Float64Array.of(1.5),
      ask: Float64Array.of(1.6),
    });
    const path = await folder.write('quotes.arrow', tableToIPC(table, 'file'));
    const hints = { market: 'okx/spot', symbol: 'BTC-USDT' };
    expect(await folder.told([path], hints)).toEqual(['2024-01-01T00:00:00Z file okx/spot BTC-USDT #1704067200000000-0 1.5 NaN 1.6 NaN']);
  });
});
