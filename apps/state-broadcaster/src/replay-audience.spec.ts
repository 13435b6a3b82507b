import { HindcastError } from '@hindcast/contracts';
import { parseReplayed, type Broadcast } from './broadcast.js';
import type { ClientSink } from './client-session.js';
import { ClientSession } from './client-session.js';
import { ReplayAudience } from './replay-audience.js';
import { replayChanged, replayed, type StreamMessage } from './stream.fixture.js';
import type { ShownState } from './subscription.js';
import { secondOf, state } from './update.fixture.js';

class RememberingSink implements ClientSink {
  readonly transport = 'websocket';
  readonly address = 'here';
  readonly heardMs = 0;
  readonly messages: StreamMessage[] = [];
  bufferedBytes = 0;
  closedWith: string | undefined;
  taken: () => void = () => undefined;

  send(_event: string, payload: Uint8Array | string): void {
    this.messages.push(JSON.parse(payload.toString()) as StreamMessage);
  }

  onTaken(listener: () => void): void {
    this.taken = listener;
  }

  ping(): void {}
  cut(): void {}

  close({ code }: { readonly code: string }): void {
    this.closedWith = code;
  }
}

/** Somebody who listens to SPY of replay `r`; where the replay stands is answered by hand. */
function scene() {
  type Answer = { readonly run: number; readonly states: readonly ShownState[] };
  const questions: ((answer: Answer | Promise<never>) => void)[] = [];
  const audience = new ReplayAudience({
    id: 'r',
    retryMs: 1,
    fetchStates: () => new Promise<Answer>((resolve) => questions.push(resolve)),
  });
  audience.resync();
  const sink = new RememberingSink();
  const session = new ClientSession({
    ...{ sink, snapshots: audience.snapshots, replay: 'r', slowBytes: 1_000, subscriptionsMax: 10 },
    clock: { nowUs: () => 0 },
    counters: { sent: () => undefined, conflated: () => undefined },
  });
  audience.join(session);
  const answer = async (run: number, second: number) => {
    while (questions.length === 0) await new Promise((resolve) => setImmediate(resolve));
    questions.shift()?.({ run, states: [state('SPY', second)] });
    for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  /** In short: what was shown, told, and said of the replay. */
  const heard = () =>
    sink.messages.map(({ event, reason, timestamp, states, state: what }) => {
      if (event === 'SNAPSHOT') return `${reason as string} ${states?.map((shown) => secondOf(shown.timestamp)).join()}`;
      return event === 'PHYSICS_UPDATE' ? secondOf(timestamp!) : ((what as string | undefined) ?? event);
    });
  const tell = (...messages: readonly object[]) => {
    for (const message of messages) audience.offer(parseReplayed(Buffer.from(JSON.stringify(message))) as Broadcast);
  };
  session.subscribe({ events: ['PHYSICS_UPDATE'], symbols: ['SPY'] });
  return { audience, session, sink, questions, answer, heard, tell };
}

describe('who listens to a replay', () => {
  it('hears a snapshot, every update, and what becomes of the replay, in order and marked', async () => {
    const { sink, answer, heard, tell } = scene();
    tell(replayed('SPY', 11, 1), replayed('IBM', 11, 1), replayed('SPY', 12, 1), replayChanged('paused', 1));
    await answer(1, 11);
    tell(replayed('SPY', 13, 1), replayChanged('ended', 1));
    expect(heard()).toEqual(['SUBSCRIBED', 'subscribed 11', 12, 'paused', 13, 'ended']);
    expect(sink.messages.every(({ replay }) => replay === 'r')).toBe(true);
  });

  it('hears nothing of where it was after a seek, and where it is at once', async () => {
    const { answer, heard, tell } = scene();
    await answer(1, 50);
    tell(replayed('SPY', 51, 1), replayChanged('paused', 2), replayed('SPY', 52, 1), replayed('SPY', 21, 2));
    await answer(2, 20);
    expect(heard()).toEqual(['SUBSCRIBED', 'subscribed 50', 51, 'seek 20', 'paused', 21]);
  });

  it('also where the snapshot knows of the seek before the channel does', async () => {
    const { answer, heard, tell } = scene();
    await answer(1, 50);
    tell(replayed('SPY', 51, 1));
    const late = scene();
    late.tell(replayed('SPY', 51, 1));
    await late.answer(2, 20);
    late.tell(replayed('SPY', 52, 1));
    await late.answer(2, 20);
    late.tell(replayed('SPY', 53, 1), replayChanged('paused', 2), replayed('SPY', 21, 2));
    expect(late.heard()).toEqual(['SUBSCRIBED', 'seek 20', 'paused', 21]);
    expect(heard()).toEqual(['SUBSCRIBED', 'subscribed 50', 51]);
  });

  it('slowly, gets nothing that waited from before a seek', async () => {
    const { sink, answer, heard, tell } = scene();
    await answer(1, 50);
    sink.bufferedBytes = 5_000;
    tell(replayed('SPY', 51, 1), replayed('SPY', 52, 1), replayChanged('playing', 2));
    await answer(2, 20);
    tell(replayed('SPY', 21, 2), replayed('SPY', 22, 2));
    sink.bufferedBytes = 0;
    sink.taken();
    expect(heard()).toEqual(['SUBSCRIBED', 'subscribed 50', 'seek 20', 'playing', 22]);
    expect(sink.messages.at(-1)).toMatchObject({ missed: 1 });
  });

  it('is told when the replay is removed, and the connection ends', async () => {
    const { audience, sink, answer, heard, tell } = scene();
    await answer(1, 10);
    tell(replayChanged('removed', 1));
    expect(heard()).toEqual(['SUBSCRIBED', 'subscribed 10', 'removed', 'ERROR']);
    expect([sink.closedWith, audience.isOver]).toEqual(['REPLAY_UNKNOWN', true]);
  });

  it('learns of a seek, or of the end, also where the channel has lost it', async () => {
    const { audience, sink, questions, answer, heard, tell } = scene();
    await answer(1, 50);
    const sought = audience.check();
    await answer(2, 20);
    await sought;
    await answer(2, 20);
    tell(replayed('SPY', 21, 2));
    const away = audience.check();
    questions.shift()?.(Promise.reject(new HindcastError('UPSTREAM_AWAY')));
    await away;
    expect(heard()).toEqual(['SUBSCRIBED', 'subscribed 50', 'seek 20', 21]);
    const over = audience.check();
    questions.shift()?.(Promise.reject(new HindcastError('REPLAY_UNKNOWN')));
    await over;
    expect([sink.closedWith, audience.isOver]).toEqual(['REPLAY_UNKNOWN', true]);
  });

  it('may ask for nothing else', () => {
    const { session, sink } = scene();
    session.receive(JSON.stringify({ action: 'subscribe', symbols: ['SPY'], events: ['TRADE_SIGNAL'] }));
    expect(sink.messages.at(-1)).toMatchObject({ event: 'ERROR', error: { code: 'SUBSCRIPTION_INVALID' } });
  });
});
