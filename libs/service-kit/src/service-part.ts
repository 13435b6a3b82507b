import type { DynamicModule } from '@nestjs/common';
import { HealthRegistry } from './health.js';
import { LOGGER } from './logger.js';
import type { KitParts } from './service-kit.module.js';

/**
 * One service among several in a process. Its lines of the log carry its name, and its dependencies stand under it in the
 * health report; routes, metrics and sections of monitoring have names that no other service uses, which their registries
 * insist on.
 */
export function servicePart(name: string, module: DynamicModule, { logger, health }: KitParts): DynamicModule {
  const own = [
    { provide: LOGGER, useValue: logger.child({ part: name }) },
    { provide: HealthRegistry, useValue: health.of(name) },
  ];
  // A module's own providers go before those that are everybody's.
  return { ...module, providers: [...own, ...(module.providers ?? [])] };
}
