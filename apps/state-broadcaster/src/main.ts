import { runService } from '@hindcast/service-kit';
import { AppModule } from './app.module.js';
import { readConfig } from './config.js';
import { openAdapters } from './open-adapters.js';

await runService({
  name: 'state-broadcaster',
  openApi: new URL('../openapi.json', import.meta.url),
  config: readConfig,
  module: (config) => AppModule.with(config, openAdapters),
  httpPort: ({ ports }) => ports.stateBroadcasterHttp,
});
