import { pipeline, type Readable, type Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HindcastError } from '@hindcast/contracts';
import { parseJson } from '@hindcast/market';
import { routeSettings, settingsOf } from '@hindcast/service-kit';
import { ArrowBody, NdjsonBody } from './tick-body.js';

const json = 'application/json';
const ndjson = 'application/x-ndjson';
const arrow = ['application/vnd.apache.arrow.stream', 'application/vnd.apache.arrow.file'];

/** Beside JSON. */
const tickBodyTypes = [ndjson, ...arrow];
const tickBodyBytesMax = 32 * 1024 * 1024;

/** A route whose body is ticks: of any of their types, and large. */
export const TakesTicks = (): MethodDecorator => routeSettings({ bodyTypes: tickBodyTypes, bodyBytesMax: tickBodyBytesMax });

/** A frame may ask for a window of any size before it has a byte; all ordinary levels stay within 8 MB. */
const zstdWindowLogMax = 23;

const decoders: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', () => createGunzip()],
  ['zstd', () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax } })],
]);

/**
 * How bodies are read: what they may be packed in, how much there may be of them unpacked, and on routes that take ticks their
 * further types. A process may have other routes too: those read JSON as Fastify does.
 */
@Injectable()
export class BodyParsers implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    const plainJson = fastify.getDefaultJsonParser('error', 'error');
    fastify.addHook('preParsing', async (request, _reply, payload) => unpacked(payload as Readable, request.headers['content-encoding']));
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser(json, { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
      if (takesTicks(request)) settle(() => parseJson(decoded(bytes)), done);
      else void plainJson(request, bytes.toString('utf8'), done);
    });
    fastify.addContentTypeParser(arrow, { parseAs: 'buffer' }, async (request: FastifyRequest, bytes: Buffer) => {
      if (!takesTicks(request)) throw typeUnknown(request);
      return new ArrowBody(bytes);
    });
    fastify.addContentTypeParser(ndjson, async (request: FastifyRequest, payload: Readable) => {
      if (!takesTicks(request)) throw typeUnknown(request);
      return new NdjsonBody(bounded(payload, request.routeOptions.bodyLimit));
    });
    fastify.addContentTypeParser('*', async (request: FastifyRequest) => {
      throw typeUnknown(request);
    });
  }
}

function takesTicks(request: FastifyRequest): boolean {
  return settingsOf(request).bodyTypes?.includes(ndjson) === true;
}

function typeUnknown(request: FastifyRequest): HindcastError {
  const given = JSON.stringify(request.headers['content-type'] ?? null);
  const allowed = [json, ...(settingsOf(request).bodyTypes ?? [])].join(', ');
  return new HindcastError('MEDIA_TYPE_UNKNOWN', `content-type is ${given}; allowed are ${allowed}`);
}

function settle(parse: () => unknown, done: (error: Error | null, body?: unknown) => void): void {
  try {
    done(null, parse());
  } catch (error) {
    done(error as Error);
  }
}

/** Fastify counts what comes out against the body's limit, and what went in against its content-length. */
function unpacked(payload: Readable, encoding = 'identity'): Readable {
  if (encoding === 'identity') return payload;
  const decoder = decoders.get(encoding.toLowerCase())?.();
  if (!decoder) {
    throw new HindcastError(
      'MEDIA_TYPE_UNKNOWN',
      `content-encoding is ${JSON.stringify(encoding)}; allowed are ${[...decoders.keys()].join(', ')}, or none`,
    );
  }
  const counted = Object.assign(decoder, { receivedEncodedLength: 0 });
  payload.on('data', (chunk: Buffer) => (counted.receivedEncodedLength += chunk.length));
  // What is wrong with either comes out of the decoder, where the reader sees it.
  pipeline(payload, counted, () => undefined);
  return counted;
}

async function* bounded(payload: Readable, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    // Ending early must not end the connection, which is to carry the refusal.
    for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new HindcastError('BATCH_TOO_LARGE', `the body has more than ${bytesMax} bytes`);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof HindcastError) throw cause;
    throw new HindcastError('BODY_INVALID', `the body cannot be read to its end: ${(cause as Error).message}`, { cause });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new HindcastError('BODY_INVALID', 'the body is not UTF-8', { cause });
  }
}
