import { portTable } from '../../libs/service-kit/src/ports.ts';
import { services, standalonePorts } from '../stack/services.mjs';
import { basePorts } from './ports.mjs';

it('agrees with the ports that the services know', () => {
  const known = portTable(0);
  expect(basePorts).toEqual({
    redis: known.redis,
    questdbHttp: known.questdbHttp,
    questdbPg: known.questdbPg,
    questdbMin: known.questdbHealth,
  });
  expect(standalonePorts).toEqual({ http: known.standaloneHttp, grpc: known.standaloneGrpc });
  expect(services.map(({ name, httpPort, grpcPort }) => [name, httpPort, grpcPort])).toEqual([
    ['tick-ingest', known.tickIngestHttp, known.tickIngestGrpc],
    ['market-physics', known.marketPhysicsHttp, known.marketPhysicsGrpc],
    ['state-broadcaster', known.stateBroadcasterHttp, known.stateBroadcasterGrpc],
    ['market-data', known.marketDataHttp, known.marketDataGrpc],
  ]);
});
