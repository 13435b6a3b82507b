import { Lifecycle, runService } from '@hindcast/service-kit';
import { AppModule } from './app.module.js';
import { loadMarketPhysicsConfig } from './config.js';
import { openAdapters } from './open-adapters.js';
import { PhysicsService } from './physics-service.js';

await runService({
  name: 'market-physics',
  openApi: new URL('../openapi.json', import.meta.url),
  config: loadMarketPhysicsConfig,
  module: (config) => AppModule.with(config, openAdapters),
  httpPort: ({ ports }) => ports.marketPhysicsHttp,
  onStart: async (app) => app.get(PhysicsService).start(app.get(Lifecycle)),
});
