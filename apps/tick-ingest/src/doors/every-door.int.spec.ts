import { once } from 'node:events';
import { jest } from '@jest/globals';
import { Float64, Int64, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { WebSocket } from 'ws';
import { usFromIso, type IngestAnswer, type TickKind } from '@hindcast/contracts';
import { encodeLoggedBatch, parseTickBatches } from '@hindcast/market';
import { GrpcPusher } from '@hindcast/log-grpc';
import { systemClock } from '@hindcast/ports';
import { startIngest, type IngestUnderTest } from '../ingest-service.fixture.js';

/**
 * The same requests through every door into a log of its own: what the log holds afterwards is the same bit for bit, and so
 * is what the answers say of the rows. The time of receipt is part of a batch, so the clock stands.
 */
const nowUs = usFromIso('2013-10-09T00:00:00Z')!;
const source = 'venue';
const market = 'usa/equity';

interface SentRequest {
  readonly table: TickKind;
  readonly rows: readonly Row[];
}

type Row = Readonly<Record<string, string | number | null>>;

const second = (at: number): number => usFromIso('2013-10-07T16:00:00Z')! + at * 1_000_000;
const trade = (id: string, also: Row = {}): Row => ({
  ...{ timestamp: second(0), symbol: 'SPY', market, exchange: 'P', trade_id: id, price: 168.25, size: 100, side: null, conditions: null },
  ...also,
});
const quote = (id: string, also: Row = {}): Row => ({
  ...{ timestamp: second(0), symbol: 'SPY', market, exchange: null, quote_id: id, bid: 99.5, bid_size: 3, ask: null, ask_size: null },
  ...also,
});

const requests: readonly SentRequest[] = [
  {
    table: 'trades',
    rows: [
      trade('a'),
      trade('b', { timestamp: second(5), price: 168.5, side: 'S', conditions: '@ F' }),
      trade('c', { timestamp: second(6), symbol: 'BTC-USDT', market: 'binance/spot', exchange: null, size: 0.00012 }),
      trade('a'),
      trade('d', { price: -1 }),
      trade('e', { symbol: "spy'; DROP TABLE trades" }),
      trade('f', { timestamp: second(1_000_000) }),
      trade('late', { timestamp: second(1) }),
    ],
  },
  {
    table: 'quotes',
    rows: [quote('q'), quote('r', { bid: null, bid_size: null, ask: 100, ask_size: 0 }), quote('s', { bid: null, bid_size: null })],
  },
  { table: 'trades', rows: [trade('a', { price: 1 }), trade('g', { timestamp: second(7) })] },
  {
    table: 'trades',
    rows: Array.from({ length: 65_540 }, (_, at) => trade(`m${at}`, { timestamp: second(8) + at, price: at === 65_538 ? 0 : 100 })),
  },
];

type Door = (service: IngestUnderTest) => Promise<readonly Outcome[]>;
type Outcome = Pick<IngestAnswer, 'accepted' | 'duplicate' | 'rejected' | 'through_number'> & { readonly rejectedRows: readonly object[] };

async function posted(
  service: IngestUnderTest,
  { table, body, type }: { readonly table: TickKind; readonly body: string | Uint8Array; readonly type: string },
) {
  const query = type === 'application/json' ? '' : `?source=${source}&market=${market}`;
  const response = await fetch(`${service.url}/v1/${table}${query}`, { method: 'POST', body, headers: { 'content-type': type } });
  return outcome((await response.json()) as IngestAnswer);
}

function outcome({ accepted, duplicate, rejected, rejected_rows, through_number }: IngestAnswer): Outcome {
  const rejectedRows = rejected_rows.map(({ index, code, field, message }) => ({ index, code, field, message }));
  return { accepted, duplicate, rejected, through_number, rejectedRows };
}

async function inTurn(send: (request: SentRequest) => Promise<Outcome>): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const request of requests) outcomes.push(await send(request));
  return outcomes;
}

/** As another program would write it: plain strings, nulls, times as integers. */
function arrow({ rows }: SentRequest, format: 'stream' | 'file'): Uint8Array {
  const typeOf = (name: string) => {
    if (name === 'timestamp') return new Int64();
    return ['price', 'size', 'bid', 'bid_size', 'ask', 'ask_size'].includes(name) ? new Float64() : new Utf8();
  };
  const columns = Object.keys(rows[0]).map((name) => {
    const values = rows.map((row) => (name === 'timestamp' ? BigInt(row[name]!) : row[name]));
    return [name, vectorFromArray(values, typeOf(name))] as const;
  });
  return tableToIPC(new Table(Object.fromEntries(columns)), format);
}

const doors: Readonly<Record<string, Door>> = {
  JSON: (service) =>
    inTurn(({ table, rows }) =>
      posted(service, { table, body: JSON.stringify({ source, market, [table]: rows }), type: 'application/json' }),
    ),
  NDJSON: (service) =>
    inTurn(({ table, rows }) =>
      posted(service, { table, body: rows.map((row) => JSON.stringify(row)).join('\n'), type: 'application/x-ndjson' }),
    ),
  'an Arrow stream': (service) =>
    inTurn((request) =>
      posted(service, { table: request.table, body: arrow(request, 'stream'), type: 'application/vnd.apache.arrow.stream' }),
    ),
  'an Arrow file': (service) =>
    inTurn((request) => posted(service, { table: request.table, body: arrow(request, 'file'), type: 'application/vnd.apache.arrow.file' })),
  WebSocket: async (service) => {
    const socket = new WebSocket(`${service.url.replace('http', 'ws')}/v1/ingest`);
    await once(socket, 'open');
    const outcomes = await inTurn(async ({ table, rows }) => {
      socket.send(JSON.stringify({ id: 1, source, market, [table]: rows }, (_, value: unknown) => value ?? undefined));
      const [data] = (await once(socket, 'message')) as [Buffer];
      return outcome(JSON.parse(data.toString('utf8')) as IngestAnswer);
    });
    socket.terminate();
    return outcomes;
  },
  gRPC: async (service) => {
    const pusher = new GrpcPusher({ url: service.grpcUrl });
    const outcomes = await inTurn(async ({ table, rows }) => {
      const batches = parseTickBatches({ source, market, [table]: rows }, { table, receivedAtUs: 0, rowsMax: 1e6 });
      let sum: Outcome = { accepted: 0, duplicate: 0, rejected: 0, through_number: 0, rejectedRows: [] };
      for (const [at, batch] of batches.entries()) {
        const ack = await pusher.push(batch);
        const rejectedRows = ack.rejectedRows.map(({ index, code, field, message }) => ({
          index: at * 65_536 + index,
          code,
          field,
          message,
        }));
        sum = {
          accepted: sum.accepted + ack.accepted,
          duplicate: sum.duplicate + ack.duplicate,
          rejected: sum.rejected + ack.rejected,
          through_number: ack.throughNumber,
          rejectedRows: [...sum.rejectedRows, ...rejectedRows],
        };
      }
      return sum;
    });
    pusher.close();
    return outcomes;
  },
};

interface Kept {
  readonly outcomes: readonly Outcome[];
  readonly batches: readonly string[];
}

async function through(door: Door): Promise<Kept> {
  const service = await startIngest();
  try {
    const outcomes = await door(service);
    const { log } = service.ticks;
    const numbers = Array.from({ length: log.position().headNumber }, (_, at) => at + 1);
    return { outcomes, batches: numbers.map((number) => Buffer.from(encodeLoggedBatch(log.read(number)!)).toString('base64')) };
  } finally {
    await service.stop();
  }
}

describe('every door', () => {
  beforeAll(() => void jest.spyOn(systemClock, 'nowUs').mockReturnValue(nowUs));
  afterAll(() => void jest.restoreAllMocks());

  let expected: Kept;
  it('keeps of the same rows what JSON keeps', async () => {
    expected = await through(doors.JSON);
    expect(expected.outcomes.map(({ accepted, duplicate, rejected }) => [accepted, duplicate, rejected])).toEqual([
      [4, 1, 3],
      [2, 0, 1],
      [1, 0, 1],
      [65_539, 0, 1],
    ]);
    expect(expected.batches).toHaveLength(5);
  }, 60_000);

  it.each(Object.keys(doors).filter((name) => name !== 'JSON'))(
    'keeps the same bits through %s',
    async (name) => {
      const kept = await through(doors[name]);
      expect(kept.outcomes).toEqual(expected.outcomes);
      expect(kept.batches.map((batch, at) => batch === expected.batches[at])).toEqual([true, true, true, true, true]);
    },
    60_000,
  );
});
