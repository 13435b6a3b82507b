import { Module, type DynamicModule } from '@nestjs/common';
import type { SuiteMonitoring } from '@hindcast/contracts';
import { MarketDataModule, StateRangesController } from '@hindcast/market-data';
import { MarketPhysicsModule, NewestStatesController, openEmbedded, type EmbeddedOpeners } from '@hindcast/market-physics';
import { servicePart, type KitParts } from '@hindcast/service-kit';
import { StateBroadcasterModule } from '@hindcast/state-broadcaster';
import { TickIngestModule, type OpenFeed } from '@hindcast/tick-ingest';
import { observeBus } from './bus-section.js';
import type { StandaloneConfig } from './config.js';
import type { EmbeddedStores } from './embedded-stores.js';
import { EveryStateController } from './every-state.controller.js';
import type { Neighbours } from './neighbours.js';
import { SQL_STORE, SqlController, type SqlStore } from './sql.controller.js';

export interface StandaloneParts {
  readonly config: StandaloneConfig;
  readonly kit: KitParts;
  readonly stores: EmbeddedStores;
  readonly neighbours: Neighbours;
  readonly physics: EmbeddedOpeners;
  readonly openFeed: OpenFeed | undefined;
  /** How this process is called in what it gathers of all services. */
  readonly name: string;
}

const busName = 'bus';
const storeName = 'tick_store';
/** What is shared outlives each service. */
const leaveOpen = async (): Promise<void> => undefined;

/** The four services as they are in a stack, on stores that they share, with calls where a stack has gRPC and HTTP between them. */
@Module({})
export class StandaloneModule {
  static with(parts: StandaloneParts): DynamicModule {
    const { kit, config, stores } = parts;
    const sql: SqlStore = { ask: stores.ticks.sql, config };
    return {
      module: StandaloneModule,
      controllers: [EveryStateController, SqlController],
      providers: [{ provide: SQL_STORE, useValue: sql }],
      imports: [
        servicePart('tick-ingest', tickIngest(parts), kit),
        servicePart('market-physics', without(NewestStatesController, marketPhysics(parts)), kit),
        servicePart('state-broadcaster', stateBroadcaster(parts), kit),
        servicePart('market-data', without(StateRangesController, marketData(parts)), kit),
      ],
    };
  }
}

function tickIngest({ config, stores: { ticks, bus }, openFeed }: StandaloneParts): DynamicModule {
  return TickIngestModule.with(config, async (_config, clock) => ({
    store: ticks.store,
    bus,
    clock,
    startDrain: ticks.startDrain,
    openFeed,
    fullInstruments: ticks.fullInstruments,
    names: { store: storeName, bus: busName },
    observe: (monitoring, metrics) => {
      ticks.observe?.(monitoring, metrics);
      observeBus(bus, monitoring, metrics);
    },
    close: leaveOpen,
  }));
}

function marketPhysics({ config, stores: { ticks, bus }, neighbours: { log }, physics }: StandaloneParts): DynamicModule {
  return MarketPhysicsModule.with(config, async (_config, clock) => ({
    ...(await openEmbedded(config, clock, physics)),
    log,
    store: ticks.store,
    bus,
    clock,
  }));
}

function stateBroadcaster({ config, stores: { bus }, neighbours: { states } }: StandaloneParts): DynamicModule {
  return StateBroadcasterModule.with(config, async () => ({ bus, busName, states, close: leaveOpen }));
}

function marketData({ config, stores: { ticks }, kit, name }: StandaloneParts): DynamicModule {
  return MarketDataModule.with(config, async () => ({
    store: ticks.store,
    storeName,
    gatherMonitoring: () => ownMonitoring(name, kit),
    close: leaveOpen,
  }));
}

/** One process is a suite of one. */
async function ownMonitoring(service: string, { monitoring, config }: KitParts): Promise<SuiteMonitoring> {
  const report = await monitoring.report();
  return { time: report.time, ok: report.ok, services: [{ service, url: config.standaloneUrl, answers: true, report }] };
}

/** A service's module without the routes that this process answers itself. */
function without(controller: object, { controllers = [], ...module }: DynamicModule): DynamicModule {
  return { ...module, controllers: controllers.filter((candidate) => candidate !== controller) };
}
