import { Module, type DynamicModule } from '@nestjs/common';
import type { Clock } from '@hindcast/ports';
import { CLOCK, GRPC_DOOR, GrpcDoors, HealthRegistry, Lifecycle, type GrpcServer } from '@hindcast/service-kit';
import type { Adapters } from './adapters.js';
import type { MarketDataConfig } from './config.js';
import { Instruments } from './instruments.js';
import { openGrpcDoor } from './market-data.grpc.js';
import { readersMonitoring, ROWS_SENT, rowsSent, SuiteMonitoringController, type RowsSent } from './monitoring.js';
import { RangeAnswerer } from './range-answerer.js';
import { RangeReader } from './range-reader.js';
import { RangesController } from './ranges.controller.js';
import { ReadsUnderWay } from './reads-under-way.js';
import { StateRangesController } from './state-ranges.controller.js';
import { SymbolsController } from './symbols.controller.js';
import { ADAPTERS } from './tokens.js';

export type OpenAdapters = (config: MarketDataConfig, clock: Clock) => Promise<Adapters>;

@Module({})
export class AppModule {
  /** `open` says which adapters answer; a test or a standalone process gives its own. */
  static with(config: MarketDataConfig, open: OpenAdapters): DynamicModule {
    return {
      module: AppModule,
      controllers: [RangesController, StateRangesController, SymbolsController, SuiteMonitoringController],
      exports: [RangeReader, RangeAnswerer],
      providers: [
        rowsSent,
        readersMonitoring,
        {
          provide: ADAPTERS,
          inject: [CLOCK, Lifecycle, HealthRegistry],
          useFactory: async (clock: Clock, lifecycle: Lifecycle, health: HealthRegistry): Promise<Adapters> => {
            const adapters = await open(config, clock);
            const { store, storeName } = adapters;
            health.register(storeName, async () => ({ ...(await store.health()) }));
            lifecycle.onStop('adapters', () => adapters.close());
            return adapters;
          },
        },
        { provide: ReadsUnderWay, useFactory: (): ReadsUnderWay => new ReadsUnderWay(config) },
        { provide: RangeAnswerer, inject: [ReadsUnderWay], useFactory: (reads: ReadsUnderWay) => new RangeAnswerer(reads, config) },
        {
          provide: Instruments,
          inject: [ADAPTERS, CLOCK],
          useFactory: ({ store }: Adapters, clock: Clock): Instruments => new Instruments(store, clock),
        },
        {
          provide: RangeReader,
          inject: [Instruments, ADAPTERS, ROWS_SENT],
          useFactory: (instruments: Instruments, { store }: Adapters, count: RowsSent): RangeReader =>
            new RangeReader(instruments, store, count),
        },
        {
          provide: GRPC_DOOR,
          inject: [GrpcDoors, RangeReader, Instruments, ReadsUnderWay],
          useFactory: (doors: GrpcDoors, reader: RangeReader, instruments: Instruments, reads: ReadsUnderWay): Promise<GrpcServer> =>
            openGrpcDoor(doors, { port: config.ports.marketDataGrpc, reader, instruments, reads, readStallMs: config.readStallMs }),
        },
      ],
    };
  }
}
