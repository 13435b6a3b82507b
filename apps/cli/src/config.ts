import { loadConfig, oneOf, trustAuthorities, type Config } from '@hindcast/service-kit/caller';
import type { z } from 'zod';

const shape = {
  /** Which of the two the commands ask where both run here: the process of `npm start`, or the stack of `npm run stack`. */
  target: oneOf(['standalone', 'stack']).optional(),
} satisfies z.ZodRawShape;

export type CliConfig = Config<typeof shape>;

/** What the environment says, with the authorities that it names trusted from here on. */
export function loadCliConfig(): CliConfig {
  const config = loadConfig(shape);
  trustAuthorities(config.tlsCaFile);
  return config;
}
