import { rowName, type StateRow } from '@hindcast/ports';
import { loggedBatch, type QuoteRow, type TradeRow } from '@hindcast/testing';
import { IlpEncoder } from './ilp-encoder.js';
import { rowOfLine, skipTest } from './tick-tables.js';

const trade: Omit<TradeRow, 'sequence'> = {
  timeUs: 1_381_152_600_000_123,
  symbol: 'SPY',
  market: 'usa/equity',
  exchange: 'P',
  id: '2013100700000001',
  price: 168.13,
  size: 100,
  side: 'B',
  sideInferred: true,
  late: true,
  receivedAtUs: 1_700_000_000_000_001,
  source: 'lean',
  conditions: 'F I',
};
const bare: Omit<TradeRow, 'sequence'> = { ...trade, exchange: '', id: '', side: '', sideInferred: false, late: false, conditions: '' };
const quote: Omit<QuoteRow, 'sequence'> = {
  timeUs: 1_381_152_600_000_124,
  symbol: 'BTC-USDT',
  market: 'binance/spot',
  exchange: 'binance',
  id: 'a "b"',
  bid: 1.5,
  bidSize: 0,
  ask: NaN,
  askSize: NaN,
  receivedAtUs: 1_700_000_000_000_001,
  source: 'a door',
  conditions: '',
};

const binaryDoubles = new RegExp(`=${String.fromCharCode(0x10)}(.{8})`, 'gs');

/** Binary doubles as `<168.13>`, so that bytes can be read; latin1 keeps each of the others as one character. */
function readable(body: Uint8Array): string {
  return Buffer.from(body)
    .toString('latin1')
    .replace(binaryDoubles, (_, eight: string) => `<${Buffer.from(eight, 'latin1').readDoubleLE()}>`);
}

function encoded(batch: ReturnType<typeof loggedBatch>, skip?: ReadonlySet<string>): IlpEncoder {
  const encoder = new IlpEncoder();
  encoder.batch(batch, { streamId: 'stream 1', isSkipped: skipTest(skip) });
  return encoder;
}

describe('IlpEncoder', () => {
  it('writes a trade with all that it has, and leaves out what it has not', () => {
    const encoder = encoded(loggedBatch({ number: 2, trades: [trade, bare] }));
    expect(encoder.rows).toBe(2);
    expect(readable(encoder.body()).split('\n')).toEqual([
      'trades,symbol=SPY,market=usa/equity,exchange=P,side=B,source=lean,conditions=F\\ I sequence=131072i,price=<168.13>,size=<100>,' +
        'received_at=1700000000000001t,trade_id="2013100700000001",side_inferred=t,late=t 1381152600000123',
      'trades,symbol=SPY,market=usa/equity,source=lean sequence=131073i,price=<168.13>,size=<100>,received_at=1700000000000001t 1381152600000123',
      '',
    ]);
  });

  it('leaves out the absent side of a quote, and keeps a size of 0', () => {
    expect(readable(encoded(loggedBatch({ number: 1, quotes: [quote] })).body())).toBe(
      'quotes,symbol=BTC-USDT,market=binance/spot,exchange=binance,source=a\\ door sequence=65536i,bid=<1.5>,bid_size=<0>,' +
        'received_at=1700000000000001t,quote_id="a \\"b\\"" 1381152600000124\n',
    );
  });

  it('writes rejected rows with their reason and text, one line a row even where the text has several', () => {
    const rejected = [{ table: 'quotes', code: 'QUOTE_EMPTY', field: '', message: 'one\ntwo', text: '{"bid":"\\u00e9"}' }] as const;
    expect(readable(encoded(loggedBatch({ number: 1, trades: [trade], rejected })).body()).split('rejected_ticks')[1]).toBe(
      ',stream_id=stream\\ 1,kind=quotes,code=QUOTE_EMPTY,source=test sequence=65537i,message="one\\\ntwo",' +
        'text="{\\"bid\\":\\"\\\\u00e9\\"}" 1700000000000000\n',
    );
  });

  it('escapes each character that would end a word', () => {
    const odd = { ...trade, conditions: 'a b,c=d\\e"f' };
    expect(readable(encoded(loggedBatch({ number: 1, trades: [odd] })).body())).toContain(',conditions=a\\ b\\,c\\=d\\\\e"f sequence=');
  });

  it('tells rows apart that differ in one word only', () => {
    const words = ['exchange', 'source', 'conditions', 'symbol', 'market'] as const;
    const rows = words.flatMap((word) => [{ ...trade, [word]: 'X1' }, { ...trade, [word]: 'X2' }, trade]);
    const lines = readable(encoded(loggedBatch({ number: 1, trades: rows })).body()).split('\n');
    rows.forEach((row, i) => {
      expect(lines[i]).toMatch(
        `trades,symbol=${row.symbol},market=${row.market},exchange=${row.exchange},side=B,source=${row.source},conditions=${row.conditions.replace(' ', '\\ ')} `,
      );
    });
  });

  it('leaves out skipped rows, and names the row of each line that remains', () => {
    const batches = [
      loggedBatch({ number: 1, trades: [trade, trade, trade] }),
      loggedBatch({ number: 2, trades: [trade], quotes: [quote, quote] }),
    ];
    const skip = new Set([rowName('trades', 65_537), rowName('quotes', 131_073)]);
    const lines = batches.flatMap((batch) => readable(encoded(batch, skip).body()).trimEnd().split('\n'));
    const named = lines.map((_, line) => rowOfLine(batches, line + 1, skipTest(skip)));
    expect(named).toEqual([
      { table: 'trades', sequence: 65_536 },
      { table: 'trades', sequence: 65_538 },
      { table: 'trades', sequence: 131_072 },
      { table: 'quotes', sequence: 131_074 },
    ]);
    lines.forEach((line, i) => {
      expect(line).toMatch(new RegExp(`^${named[i]?.table},.* sequence=${named[i]?.sequence}i,`));
    });
    expect(rowOfLine(batches, 5, skipTest(skip))).toBeUndefined();
  });

  it('writes states, without an alpha while there is none', () => {
    const state: StateRow = {
      market: 'usa/equity',
      symbol: 'SPY',
      timeUs: 1_381_152_601_000_000,
      mass: 0.5,
      velocity: -1,
      momentum: -0.5,
      friction: 0,
      entropy: 1,
      nashDistance: 0.25,
      alphaCoefficient: null,
      regime: 'Lévy Stable',
      price: 168,
      volume: 10,
      signedVolume: -10,
      trades: 3,
      mode: 'live',
    };
    const encoder = new IlpEncoder();
    encoder.states([state, { ...state, alphaCoefficient: 2.8, mode: 'hindsight' }]);
    const [first, second] = readable(encoder.body()).split('\n');
    expect(Buffer.from(first, 'latin1').toString()).toBe(
      'market_states,symbol=SPY,market=usa/equity,regime=Lévy\\ Stable,mode=live trades=3i,mass=<0.5>,velocity=<-1>,momentum=<-0.5>,friction=<0>,' +
        'entropy=<1>,nash_dist=<0.25>,price=<168>,volume=<10>,signed_volume=<-10> 1381152601000000',
    );
    expect(second).toContain('mode=hindsight trades=3i');
    expect(second).toContain(',alpha_coefficient=<2.8>,');
  });
});
