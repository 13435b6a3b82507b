import { HindcastError } from '@hindcast/contracts';
import { fakeTerminal } from '../terminal.fixture.js';
import { ledgerOf } from './ledger.fixture.js';
import { whenComputed, whenStored, whenVerified } from './settle.js';

const away = new HindcastError('UPSTREAM_AWAY', 'tick-ingest does not answer.');

function answering<Answer>(...answers: (Answer | Error)[]): () => Promise<Answer> {
  return () => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as Answer);
  };
}

const never = (): Promise<never> => Promise.reject(new Error('not asked for'));
const progress = (checkpoint: number, queue = 0) => ({
  stream_id: 's',
  checkpoint_number: checkpoint,
  head_number: 9,
  states: checkpoint,
  embedding_queue: queue,
});

describe('waiting for the end of a replay', () => {
  it('takes the ledger in which nothing is pending, through a restart of the service', async () => {
    const ledger = answering(ledgerOf([], { pending: 5 }), away, ledgerOf([], { pending: 2 }), ledgerOf([], { stored: 5 }));
    const stored = await whenStored({ services: { ledger, physicsProgress: never }, terminal: fakeTerminal() });
    expect(stored.totals.trades).toMatchObject({ pending: 0, stored: 5 });
  });

  it('waits for states, and for embeddings where they are asked for', async () => {
    const terminal = fakeTerminal();
    await whenComputed({
      services: { ledger: never, physicsProgress: answering(progress(3), progress(7, 12)) },
      terminal,
      number: 7,
      embeddings: false,
    });
    await whenComputed({
      services: { ledger: never, physicsProgress: answering(progress(7, 12), progress(7, 3), progress(7)) },
      terminal,
      number: 7,
      embeddings: true,
    });
  });

  it('says why the store could not be counted, where what was sent has come to its end all the same', async () => {
    const damaged = new HindcastError('STORE_DAMAGED', 'the file of another instrument cannot be opened.');
    expect(await whenVerified({ verifyLedger: answering<never>(damaged) })).toEqual({ ledger: null, failure: damaged });
    await expect(whenVerified({ verifyLedger: never })).rejects.toThrow('not asked for');
  });

  it('gives up when nothing moves', async () => {
    const services = { ledger: never, physicsProgress: answering(progress(3)) };
    const waiting = whenComputed({ services, terminal: fakeTerminal(), number: 7, embeddings: false, stallMs: 2_000 });
    await expect(waiting).rejects.toMatchObject({ code: 'UPSTREAM_AWAY', message: expect.stringContaining('batch 3 of 7') });
  });

  it('gives up when the service stays away', async () => {
    const services = { ledger: answering<never>(away), physicsProgress: never };
    await expect(whenStored({ services, terminal: fakeTerminal(), stallMs: 2_000 })).rejects.toBe(away);
  });

  it('stops when it is told to', async () => {
    const services = { ledger: never, physicsProgress: answering(progress(3)) };
    await expect(whenComputed({ services, terminal: fakeTerminal(AbortSignal.abort()), number: 7, embeddings: false })).rejects.toThrow();
  });
});
