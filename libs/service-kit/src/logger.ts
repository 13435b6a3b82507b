import type { LoggerService } from '@nestjs/common';
import { HindcastError } from '@hindcast/contracts';
import { pino, type DestinationStream, type Logger } from 'pino';
import { thrownError } from './thrown.js';

export type { Logger } from 'pino';

/** Injection token of the service's logger. */
export const LOGGER = Symbol('Logger');

const secretFields = ['password', 'secret', 'token', 'authorization', 'cookie', 'apiKey', 'presented', 'x-api-key'];

export interface LoggerOptions {
  readonly service: string;
  readonly level: string;
  /** Standard output unless a test wants to read along. */
  readonly destination?: DestinationStream;
}

/** JSON lines: events with fields, `log.info({ rows, elapsedMs }, 'batch stored')`. Written at once, so a crash loses none. */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((field) => ['', '*', '*.*'].map((at) => `${at}["${field}"]`)), censor: '***' },
      serializers: { err: describeError, error: describeError },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

/** The code and retry of a failure of the world, the stack of a bug, and the causes of both. */
function describeError(thrown: unknown): unknown {
  const error = thrownError(thrown);
  if (error === undefined) return thrown;
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  if (thrown instanceof HindcastError) return { code: thrown.code, message: thrown.message, details: thrown.details, ...cause };
  const { name, code, message, stack } = error;
  return { type: name, ...(code === undefined ? {} : { code }), message, stack, ...cause };
}

/** Nest's own talk: what it says of its modules is for debugging, its warnings are ours. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug({ nest: rest.at(-1) }, String(message));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn({ nest: rest.at(-1) }, String(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error({ nest: rest.at(-1), ...(message instanceof Error ? { err: message } : {}) }, String(message));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.logger.fatal({ nest: rest.at(-1) }, String(message));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.trace({ nest: rest.at(-1) }, String(message));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.trace({ nest: rest.at(-1) }, String(message));
  }
}
