import { Module, type DynamicModule } from '@nestjs/common';
import { systemClock, type TickStore } from '@hindcast/ports';
import { GRPC_DOOR, GrpcDoors, HealthRegistry, Lifecycle, type GrpcServer } from '@hindcast/service-kit';
import { QuestDbTickStore } from '@hindcast/store-questdb';
import type { MarketDataConfig } from './config.js';
import { Instruments } from './instruments.js';
import { openGrpcDoor } from './market-data.grpc.js';
import { readersMonitoring, ROWS_SENT, rowsSent, SuiteMonitoringController, type RowsSent } from './monitoring.js';
import { RangeReader } from './range-reader.js';
import { RangesController } from './ranges.controller.js';
import { ReadsUnderWay } from './reads-under-way.js';
import { SymbolsController } from './symbols.controller.js';
import { TICK_STORE } from './tokens.js';

/** Puts the service together: which store it reads. */
@Module({})
export class AppModule {
  static with(config: MarketDataConfig, store: TickStore = new QuestDbTickStore({ url: config.questdbUrl })): DynamicModule {
    return {
      module: AppModule,
      controllers: [RangesController, SymbolsController, SuiteMonitoringController],
      providers: [
        rowsSent,
        readersMonitoring,
        {
          provide: TICK_STORE,
          inject: [Lifecycle, HealthRegistry],
          useFactory: (lifecycle: Lifecycle, health: HealthRegistry): TickStore => {
            health.register('questdb', async () => ({ ...(await store.health()) }));
            lifecycle.onStop('questdb', () => store.close());
            return store;
          },
        },
        { provide: ReadsUnderWay, useFactory: (): ReadsUnderWay => new ReadsUnderWay(config) },
        { provide: Instruments, inject: [TICK_STORE], useFactory: (store: TickStore): Instruments => new Instruments(store, systemClock) },
        {
          provide: RangeReader,
          inject: [Instruments, TICK_STORE, ROWS_SENT],
          useFactory: (instruments: Instruments, store: TickStore, count: RowsSent): RangeReader =>
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
