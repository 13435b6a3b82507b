import { once } from 'node:events';
import { WebSocket } from 'ws';
import { usFromIso, type ErrorBody, type IngestAnswer } from '@hindcast/contracts';
import { startIngest, type IngestUnderTest } from '../ingest-service.fixture.js';

type Reply = { readonly event: 'ACK' | 'ERROR'; readonly id: string | number | null } & Partial<IngestAnswer> & Partial<ErrorBody>;

let service: IngestUnderTest;
afterEach(() => service.stop());

async function connect(): Promise<WebSocket> {
  const socket = new WebSocket(`${service.url.replace('http', 'ws')}/v1/ingest`);
  await once(socket, 'open');
  return socket;
}

/** The next answers of a socket. */
function replies(socket: WebSocket, count: number): Promise<Reply[]> {
  const received: Reply[] = [];
  return new Promise((resolve, reject) => {
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
    socket.on('message', (data: Buffer) => {
      received.push(JSON.parse(data.toString('utf8')) as Reply);
      if (received.length === count) resolve(received);
    });
  });
}

async function answersTo(messages: readonly unknown[]): Promise<Reply[]> {
  const socket = await connect();
  const answers = replies(socket, messages.length);
  for (const message of messages) socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  const received = await answers;
  socket.terminate();
  return received;
}

const noon = '2013-10-07T16:00:00Z';
const trade = (id: string, also: object = {}) => ({ timestamp: noon, symbol: 'SPY', trade_id: id, price: 100, size: 1, ...also });

describe('/v1/ingest', () => {
  it('acknowledges message after message, each with the id that it came with, when it is on disk', async () => {
    service = await startIngest();
    const answers = await answersTo([
      { id: 1, trades: [trade('a'), trade('b', { price: -1 })] },
      { id: 'quotes', quotes: [{ timestamp: noon, symbol: 'SPY', quote_id: 1, bid: 5 }] },
      { id: 3, source: 'venue', offset: 7, trades: [{ ...trade('x'), trade_id: null }] },
      { id: 4, trades: [trade('a')] },
    ]);
    const { streamId } = service.ticks.log;
    expect(answers).toMatchObject([
      {
        event: 'ACK',
        id: 1,
        accepted: 1,
        rejected: 1,
        rejected_rows: [{ index: 1, code: 'PRICE_INVALID' }],
        stream_id: streamId,
        through_number: 1,
      },
      { event: 'ACK', id: 'quotes', accepted: 1 },
      { event: 'ACK', id: 3, accepted: 1 },
      { event: 'ACK', id: 4, accepted: 0, duplicate: 1 },
    ]);
    // Those that come while a commit is waited for share a batch; the source is of the whole batch.
    const through = answers.map(({ through_number }) => through_number!);
    expect(through).toEqual(through.toSorted((a, b) => a - b));
    expect(through[2]).toBeGreaterThan(through[1]);
  });

  it('takes marks, after the rows they come with, and slack', async () => {
    service = await startIngest();
    const later = '2013-10-07T16:00:05Z';
    await answersTo([
      { id: 1, slack_ms: 2_000, trades: [trade('a', { timestamp: later })], marks: [{ symbol: 'IBM', timestamp: noon }] },
      { id: 2, marks: [{ market: 'usa/equity', symbol: 'SPY', timestamp: usFromIso(later) }] },
    ]);
    const [first, second] = [1, 2].map((number) => service.ticks.log.read(number)!);
    expect([first.slackUs, first.marks, second.trades.length, second.marks]).toEqual([
      2_000_000,
      [{ market: 'usa/equity', symbol: 'IBM', timeUs: usFromIso(noon) }],
      0,
      [{ market: 'usa/equity', symbol: 'SPY', timeUs: usFromIso(later) }],
    ]);
  });

  it('refuses one message with its code, stores nothing of it, and goes on', async () => {
    service = await startIngest({ requestRowsMax: 2 });
    const cases: readonly [unknown, number | null, string][] = [
      ['{"id":1,', null, 'BODY_INVALID'],
      [[trade('x')], null, 'BODY_INVALID'],
      [{ trades: [trade('x')] }, null, 'FIELD_INVALID'],
      [{ id: {}, trades: [trade('x')] }, null, 'FIELD_INVALID'],
      ['{"id":1,"trades":[{"price":1,"price":2}]}', null, 'BODY_INVALID'],
      [Buffer.from('{"id":1}'), null, 'BODY_INVALID'],
      [{ id: 6 }, 6, 'FIELD_INVALID'],
      [{ id: 7, trades: [trade('x')], quotes: [] }, 7, 'FIELD_INVALID'],
      [{ id: 8, trades: [trade('x'), trade('y'), trade('z')] }, 8, 'BATCH_TOO_LARGE'],
      [{ id: 9, trades: [{ ...trade('x'), trade_id: null }] }, 9, 'TRADE_ID_REQUIRED'],
      [{ id: 10, trades: [trade('x')], marks: [{ symbol: 'SPY', timestamp: '2300-01-01' }] }, 10, 'FIELD_INVALID'],
      [{ id: 11, marks: [7] }, 11, 'FIELD_INVALID'],
      [{ id: 12, marks: [{ symbol: 'SPY', timestamp: noon, price: 1 }] }, 12, 'FIELD_INVALID'],
      [{ id: 13, marks: [], offset: 1 }, 13, 'FIELD_INVALID'],
      [{ id: 14, trades: [trade('x')], slack_ms: -1 }, 14, 'FIELD_INVALID'],
      [{ id: 15, trades: [trade('x')], sorce: 'x' }, 15, 'FIELD_INVALID'],
    ];
    const answers = await answersTo([...cases.map(([message]) => message), { id: 99, trades: [trade('good')] }]);
    expect(answers.slice(0, -1).map(({ id, error }) => [id, error?.code])).toEqual(cases.map(([, id, code]) => [id, code]));
    expect(answers.at(-1)).toMatchObject({ event: 'ACK', id: 99, accepted: 1 });
    expect(service.ticks.log.counts().totals.trades).toMatchObject({ received: 1, accepted: 1 });
  });

  it('closes behind a refusal that asks to send again, so that nothing overtakes it', async () => {
    service = await startIngest({ logRowsMax: 1_000, logKeepRows: 0 });
    const socket = await connect();
    const received: Reply[] = [];
    socket.on('message', (data: Buffer) => received.push(JSON.parse(data.toString('utf8')) as Reply));
    const rows = Array.from({ length: 1_001 }, (_, at) => trade(String(at)));
    socket.send(JSON.stringify({ id: 1, trades: rows }));
    socket.send(JSON.stringify({ id: 2, trades: [trade('a')] }));
    const [code] = (await once(socket, 'close')) as [number];
    expect([code, received.map(({ id, error }) => [id, error?.code])]).toEqual([1013, [[1, 'LOG_FULL']]]);
    expect(service.ticks.log.position().headNumber).toBe(0);
  });

  it('reads no further for a client that reads no answers, and for nobody keeps more than is under way', async () => {
    service = await startIngest();
    const socket = await connect();
    socket.pause();
    // Long ids come back in every answer, so that the line to the client is soon full.
    const badRows = Array.from({ length: 100 }, (_, at) => trade(String(at), { price: -1 }));
    const message = (id: number) => JSON.stringify({ id, trades: badRows });
    const sent = 1_000;
    for (let id = 0; id < sent; id++) socket.send(message(id));
    const { log } = service.ticks;
    // Nothing else moves the log: it stands when reading has stopped.
    for (let still = 0; still < 20;) {
      const before = log.position().headNumber;
      await new Promise((resolve) => setTimeout(resolve, 50));
      still = log.position().headNumber === before ? still + 1 : 0;
    }
    expect(log.position().headNumber).toBeLessThan(sent);
    const answers = replies(socket, sent);
    socket.resume();
    expect((await answers).map(({ id }) => id)).toEqual(Array.from({ length: sent }, (_, id) => id));
    socket.terminate();
  }, 60_000);

  it('has as many sockets as it serves, and ends them with the service, answers first', async () => {
    service = await startIngest({ ingestSocketsMax: 1 });
    const socket = await connect();
    await expect(connect()).rejects.toThrow('503');
    socket.send(JSON.stringify({ id: 1, trades: [trade('a')] }));
    await once(socket, 'message');
    const closed = once(socket, 'close');
    await service.stop();
    expect((await closed)[0]).toBe(1012);
    service = await startIngest();
  });

  it('closes on a message that is too large', async () => {
    service = await startIngest();
    const socket = await connect();
    socket.send('x'.repeat(8 * 1024 * 1024 + 1));
    expect((await once(socket, 'close'))[0]).toBe(1009);
    while (service.sockets.connected > 0) await new Promise(setImmediate);
  });
});
