import { GrpcLogFollower } from '@hindcast/log-grpc';
import { Doorkeeper, GrpcDoors, Lifecycle } from '@hindcast/service-kit';
import { logFollowerConformance } from '@hindcast/testing';
import { clock, IngestWorld } from '../ingest-world.fixture.js';
import { silentLogger } from '../silent-logger.fixture.js';
import { feedsOf } from '../feeds/feeds.fixture.js';
import { Followers } from './followers.js';
import { openGrpcDoor } from './tick-ingest.grpc.js';

/** The log of tick-ingest, as its followers in other processes have it. */
describe('following a log over gRPC', () => {
  let world: IngestWorld;
  let lifecycle: Lifecycle;
  let follower: GrpcLogFollower;

  afterEach(async () => {
    follower.close();
    await lifecycle.stop();
    await world.remove();
  });

  logFollowerConformance(async () => {
    world = await IngestWorld.create();
    lifecycle = new Lifecycle(silentLogger);
    const doorkeeper = Doorkeeper.withoutKeys(clock);
    const { port } = await openGrpcDoor(new GrpcDoors({ bind: '127.0.0.1', doorkeeper, logger: silentLogger, lifecycle }), {
      ...world.parts,
      clock,
      port: 0,
      maxAheadUs: 0,
      followers: new Followers({ log: world.log, followersMax: 10, followers: ['market-physics'] }),
      feeds: await feedsOf(world),
    });
    follower = new GrpcLogFollower({ url: `127.0.0.1:${port}`, backoff: { firstMs: 1, mostMs: 5 } });
    return { log: world.log, follower };
  });
});
