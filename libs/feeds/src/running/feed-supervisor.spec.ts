import { HindcastError } from '@hindcast/contracts';
import { FeedSupervisor } from './feed-supervisor.js';
import { batchOf, FakeIntake, feedOf, silentFeed, sleepingWorld, until } from './running.fixture.js';

function supervisor(intake = new FakeIntake()): FeedSupervisor {
  return new FeedSupervisor({ intake, world: sleepingWorld() });
}

describe('several feeds at once', () => {
  it('come and go while the others run', async () => {
    const intake = new FakeIntake();
    const feeds = supervisor(intake);
    const first = silentFeed('first');
    feeds.add(first);
    feeds.add(
      feedOf('second', async function* () {
        yield batchOf('a');
      }),
    );
    await until(() => feeds.status('second').state === 'ended');
    expect(intake.stored).toEqual(['a']);
    expect(feeds.list().map(({ name, state }) => [name, state])).toEqual([
      ['first', 'live'],
      ['second', 'ended'],
    ]);
    await feeds.remove('first');
    expect(first.isOpen()).toBe(false);
    expect(feeds.list().map(({ name }) => name)).toEqual(['second']);
    feeds.add(first);
    await feeds.stopAll();
    expect(feeds.status('first').state).toBe('stopped');
    feeds.start('first');
    await until(first.isOpen);
    await feeds.stopAll();
  });

  it('fail alone', async () => {
    const feeds = supervisor();
    feeds.add(
      feedOf('broken', async function* () {
        yield batchOf('a');
        throw new HindcastError('FEED_DENIED');
      }),
    );
    feeds.add(silentFeed('quiet'));
    await until(() => feeds.status('broken').state === 'failed');
    expect(feeds.status('quiet').state).toBe('live');
    await feeds.stopAll();
  });

  it('have names of their own, and a bound', async () => {
    const feeds = supervisor();
    feeds.add(silentFeed('first'));
    expect(() => feeds.add(silentFeed('first'))).toThrow(expect.objectContaining({ code: 'FEED_EXISTS' }));
    expect(() => feeds.status('second')).toThrow(expect.objectContaining({ code: 'FEED_UNKNOWN' }));
    for (let index = 1; index < 64; index++) feeds.add(silentFeed(`feed-${index}`));
    expect(() => feeds.add(silentFeed('another'))).toThrow(expect.objectContaining({ code: 'FEEDS_FULL' }));
    await feeds.stopAll();
  });
});
