import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { errorBody, errorCodes, HindcastError } from '@hindcast/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { thrownError } from './thrown.js';

/** What a caller who may retry is asked to wait: a flush, a reconnect and a restart are all shorter. */
const retryAfterSeconds = 1;

const internalErrorStatus = 500;
const unauthorizedStatus = 401;
const statusesToRetryLater: readonly number[] = [429, 503];

/** The only place that knows HTTP statuses: every failure leaves in the one error format. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = asHindcastError(thrown, `${request.method} ${request.url}`);
    this.log(thrown, error, request);
    // A body that has begun cannot become an error any more: cutting it is the only honest sign.
    if (reply.raw.headersSent) reply.raw.destroy();
    else sendError(reply, error, request.id);
  }

  private log(thrown: unknown, error: HindcastError, request: FastifyRequest): void {
    const fields = { request_id: request.id, method: request.method, path: request.url, code: error.code };
    if (errorCodes[error.code].status >= internalErrorStatus) this.logger.error({ ...fields, err: thrown }, 'request failed');
    else this.logger.debug({ ...fields, detail: error.message }, 'request refused');
  }
}

/** Writes an error in the one format, with `Retry-After` where waiting helps. */
export function sendError(reply: FastifyReply, error: HindcastError, requestId: string): void {
  const { status, retry } = errorCodes[error.code];
  if (retry && statusesToRetryLater.includes(status)) void reply.header('retry-after', String(retryAfterSeconds));
  if (status === unauthorizedStatus) void reply.header('www-authenticate', 'Bearer');
  void reply.code(status).header('content-type', 'application/json; charset=utf-8').send(errorBody(error, requestId));
}

/** A failure as the caller may see it; whatever nobody foresaw becomes INTERNAL, its own words stay in the log. */
export function asHindcastError(thrown: unknown, route?: string): HindcastError {
  if (thrown instanceof HindcastError) return thrown;
  const status = thrown instanceof HttpException ? thrown.getStatus() : statusCodeOf(thrown);
  const message = thrownError(thrown)?.message;
  if (status === 404) return new HindcastError('ROUTE_UNKNOWN', route === undefined ? undefined : `${route} is not a route.`);
  if (status === 413) return new HindcastError('BATCH_TOO_LARGE', message, { cause: thrown });
  if (status === 415) return new HindcastError('MEDIA_TYPE_UNKNOWN', message, { cause: thrown });
  if (status !== undefined && status >= 400 && status < internalErrorStatus) {
    return new HindcastError('BODY_INVALID', message, { cause: thrown });
  }
  return new HindcastError('INTERNAL', undefined, { cause: thrown });
}

/** Fastify's own errors carry the status as a field. */
function statusCodeOf(thrown: unknown): number | undefined {
  const status = thrownError(thrown)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}
