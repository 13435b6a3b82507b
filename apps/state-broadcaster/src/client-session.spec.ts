import type { HindcastError } from '@hindcast/contracts';
import { commandsPerSecondMax } from './client-messages.js';
import { ClientSession, type ClientSink } from './client-session.js';
import { CommandRate } from './command-rate.js';
import { SnapshotSource } from './snapshot-source.js';
import type { ShownState } from './subscription.js';
import type { StreamMessage } from './stream.fixture.js';
import { state } from './update.fixture.js';

class RememberingSink implements ClientSink {
  readonly transport = 'websocket';
  readonly address = 'here';
  readonly heardMs = 0;
  readonly messages: StreamMessage[] = [];
  bufferedBytes = 0;
  isCut = false;

  send(_event: string, payload: Uint8Array | string): void {
    this.messages.push(JSON.parse(payload.toString()) as StreamMessage);
  }

  onTaken(): void {}
  ping(): void {}
  close(_reason: HindcastError): void {}

  cut(): void {
    this.isCut = true;
  }
}

const slowBytes = 1_000;

/** Questions to market-physics are answered by hand. */
function scene() {
  const questions: { readonly symbols: readonly string[]; answer(states: readonly ShownState[]): void }[] = [];
  const snapshots = new SnapshotSource({
    symbolsMax: 10,
    retryMs: 1,
    fetchStates: (symbols) => new Promise((resolve) => questions.push({ symbols, answer: resolve })),
  });
  const sink = new RememberingSink();
  const session = new ClientSession({
    sink,
    snapshots,
    slowBytes,
    clock: { nowUs: () => 0 },
    subscriptionsMax: 10,
    counters: { sent: () => undefined, conflated: () => undefined },
  });
  const asked = async (count: number) => {
    while (questions.length < count) await new Promise((resolve) => setImmediate(resolve));
    return questions[count - 1];
  };
  const shown = async (count: number) => {
    const snapshotsOf = () => sink.messages.filter(({ event }) => event === 'SNAPSHOT');
    while (snapshotsOf().length < count) await new Promise((resolve) => setImmediate(resolve));
    return snapshotsOf()[count - 1];
  };
  return { session, sink, snapshots, questions, asked, shown };
}

describe('a session', () => {
  it('has one snapshot under way, and asks for all that is needed meanwhile together', async () => {
    const { session, snapshots, questions, asked, shown } = scene();
    session.subscribe({ events: ['PHYSICS_UPDATE'], symbols: ['SPY'] });
    const first = await asked(1);
    for (let times = 0; times < 1_000; times += 1) session.subscribe({ events: ['PHYSICS_UPDATE'], symbols: ['IBM', 'BAC'] });
    expect(snapshots.size).toBe(1);
    first.answer([state('SPY', 1)]);
    expect(await shown(1)).toMatchObject({ reason: 'subscribed', states: [{ symbol: 'SPY' }] });
    const second = await asked(2);
    expect(second.symbols).toEqual(['IBM', 'BAC']);
    session.resync();
    second.answer([state('IBM', 1), state('BAC', 1)]);
    const third = await asked(3);
    expect([...third.symbols].sort()).toEqual(['BAC', 'IBM', 'SPY']);
    third.answer([state('SPY', 2), state('IBM', 2), state('BAC', 2)]);
    // The answer to the second question was older than the gap.
    expect(await shown(2)).toMatchObject({ reason: 'resync', states: [{ symbol: 'SPY' }, { symbol: 'IBM' }, { symbol: 'BAC' }] });
    expect(snapshots.size).toBe(0);
    expect(questions).toHaveLength(3);
  });

  it('waits for nothing any more when it has ended', async () => {
    const { session, snapshots, sink, asked } = scene();
    session.subscribe({ events: ['PHYSICS_UPDATE'], symbols: ['SPY'] });
    await asked(1);
    session.ended();
    expect(snapshots.size).toBe(0);
    session.receive('{');
    expect(sink.messages.map(({ event }) => event)).toEqual(['SUBSCRIBED']);
  });

  it('refuses what is too much in a second, with a code', () => {
    const { session, sink } = scene();
    const command = JSON.stringify({ action: 'subscribe', events: ['TRADE_SIGNAL'], symbols: ['SPY'] });
    // Twice and one more, so that a second which ends meanwhile does not matter.
    for (let times = 0; times <= 2 * commandsPerSecondMax; times += 1) session.receive(command);
    expect(sink.messages).toHaveLength(2 * commandsPerSecondMax + 1);
    expect(sink.messages.slice(0, commandsPerSecondMax).every(({ event }) => event === 'SUBSCRIBED')).toBe(true);
    const refused = sink.messages.find(({ event }) => event === 'ERROR');
    expect(refused).toMatchObject({ error: { code: 'RATE_LIMITED', retry: true } });
    expect(refused?.error?.message).toContain(`${commandsPerSecondMax} messages in a second`);
  });

  it.each([
    ['binary messages', (session: ClientSession) => session.receive(undefined)],
    ['commands', (session: ClientSession) => session.receive('{')],
    ['pings', (session: ClientSession) => session.answered()],
  ])('is cut where it sends %s and reads nothing', (_, send) => {
    const { session, sink } = scene();
    send(session);
    expect(sink.isCut).toBe(false);
    sink.bufferedBytes = 32 * slowBytes + 1;
    send(session);
    expect(sink.isCut).toBe(true);
  });
});

it('a rate begins anew with each second', () => {
  const rate = new CommandRate(2);
  expect([0, 999, 999.5, 1_000, 1_500, 1_999, 5_000].map((ms) => rate.take(ms))).toEqual([true, true, false, true, true, false, true]);
});
