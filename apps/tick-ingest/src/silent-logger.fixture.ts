import { createLogger } from '@hindcast/service-kit';

export const silentLogger = createLogger({ service: 'test', level: 'silent' });
