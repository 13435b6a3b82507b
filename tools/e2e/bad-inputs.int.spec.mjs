/**
 * Bad input at every door of a running stack. Each kind has one clear answer with a code, or one clear end; afterwards all
 * services are alive, none has grown beyond its bound, nothing was stored as a trade or a quote, and the ledger balances.
 */
import { connect } from 'node:net';
import { jest } from '@jest/globals';
import { whyNoQuestDb, whyNoRedis } from '@hindcast/testing';
import { arrowCases } from './bad-inputs/arrow-cases.mjs';
import { broadcasterGrpcCases } from './bad-inputs/broadcaster-grpc-cases.mjs';
import { grpcCases } from './bad-inputs/grpc-cases.mjs';
import { jsonCases } from './bad-inputs/json-cases.mjs';
import { readerCases } from './bad-inputs/reader-cases.mjs';
import { StackUnderAttack } from './bad-inputs/stack-under-attack.mjs';
import { wireCases } from './bad-inputs/wire-cases.mjs';
import { until } from './hindcast-under-test.mjs';

jest.setTimeout(300_000);
const reason = whyNoQuestDb() ?? whyNoRedis();
const describeHere = reason === undefined ? describe : describe.skip;
const idleConnections = 10_000;

describeHere(`bad input${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  /** @type {StackUnderAttack} */
  let world;
  beforeAll(async () => {
    world = await StackUnderAttack.start();
  }, 300_000);
  afterAll(() => world?.dispose());

  afterEach(() => world.mustBeUnharmed());

  const cases = [...jsonCases, ...arrowCases, ...wireCases, ...grpcCases, ...broadcasterGrpcCases, ...readerCases];

  it('comes in more than a hundred kinds', () => {
    expect(new Set(cases.map(([name]) => name)).size).toBeGreaterThan(100);
  });

  it.each(cases)('%s', async (_name, sent, expected) => {
    const outcome = await sent(world);
    if (expected instanceof RegExp) expect(outcome).toMatch(expected);
    else expect(outcome).toBe(expected);
  });

  it(`${idleConnections} connections that say nothing cost little, and others are served beside them`, async () => {
    const { hostname, port } = new URL(world.urls.tickIngest);
    const sockets = [];
    let connected = 0;
    for (let at = 0; at < idleConnections; at++) {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.on('connect', () => connected++).on('error', () => undefined);
      sockets.push(socket.resume());
      // The system keeps some hundred that wait to be taken, and forgets others without a word.
      if (at % 100 === 99) await until('a hundred to be connected', () => connected === at + 1);
    }
    expect(await world.pushGood()).toMatchObject({ accepted: 0, duplicate: 1 });
    await world.mustBeUnharmed();
    // Nobody has to hang up: they have sent no header in time, and one letter is none.
    for (const socket of sockets) socket.write('G');
    await until('all to be closed', () => sockets.every(({ destroyed }) => destroyed));
  });

  it('is followed by good input as if nothing had been', async () => {
    expect(await world.pushGood()).toMatchObject({ accepted: 0, duplicate: 1, rejected: 0 });
    await until('all to be stored', async () => (await world.ledger()).totals.trades.pending === 0);
    expect(await world.stack.json(['ledger', 'verify'])).toMatchObject({ verified: true, balanced: true });
  });
});
