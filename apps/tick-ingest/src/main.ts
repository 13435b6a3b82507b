import { runService } from '@hindcast/service-kit';
import { AppModule } from './app.module.js';
import { readConfig } from './config.js';
import { openAdapters } from './open-adapters.js';
import { TickIngest } from './tick-ingest.js';

await runService({
  name: 'tick-ingest',
  openApi: new URL('../openapi.json', import.meta.url),
  config: readConfig,
  module: (config) => AppModule.with(config, openAdapters),
  httpPort: ({ ports }) => ports.tickIngestHttp,
  onStart: (app) => app.get(TickIngest).start(),
});
