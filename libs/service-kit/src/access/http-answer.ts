import { STATUS_CODES } from 'node:http';
import { errorBody, errorCodes, type HindcastError } from '@hindcast/contracts';

const unauthorizedStatus = 401;

/** A refusal where no request has come to Fastify: as bytes for the bare socket, in the one error format. */
export function httpAnswer(error: HindcastError): string {
  const { status } = errorCodes[error.code];
  const body = JSON.stringify(errorBody(error));
  const headers = [
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...(status === unauthorizedStatus ? ['www-authenticate: Bearer'] : []),
  ];
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}
