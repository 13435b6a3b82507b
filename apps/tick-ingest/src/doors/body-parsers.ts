import { pipeline, type Readable, type Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HindcastError } from '@hindcast/contracts';
import { parseJson } from '@hindcast/market';
import { ArrowBody, NdjsonBody } from './tick-body.js';

const contentTypes = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  arrowStream: 'application/vnd.apache.arrow.stream',
  arrowFile: 'application/vnd.apache.arrow.file',
} as const;

/** A frame may ask for a window of any size before it has a byte; all ordinary levels stay within 8 MB. */
const zstdWindowLogMax = 23;

const decoders: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', () => createGunzip()],
  ['zstd', () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax } })],
]);

/** Which bodies this service reads: their types, what they may be packed in, and how much there may be of them unpacked. */
@Injectable()
export class BodyParsers implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    const { bodyLimit = 0 } = fastify.initialConfig;
    fastify.addHook('preParsing', async (request, _reply, payload) => unpacked(payload as Readable, request.headers['content-encoding']));
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser(contentTypes.json, { parseAs: 'buffer' }, async (_request: unknown, bytes: Buffer) =>
      parseJson(decoded(bytes)),
    );
    fastify.addContentTypeParser(
      [contentTypes.arrowStream, contentTypes.arrowFile],
      { parseAs: 'buffer' },
      async (_request: unknown, bytes: Buffer) => new ArrowBody(bytes),
    );
    fastify.addContentTypeParser(
      contentTypes.ndjson,
      async (_request: unknown, payload: Readable) => new NdjsonBody(bounded(payload, bodyLimit)),
    );
    fastify.addContentTypeParser('*', async ({ headers }: FastifyRequest) => {
      throw new HindcastError(
        'MEDIA_TYPE_UNKNOWN',
        `content-type is ${JSON.stringify(headers['content-type'] ?? null)}; allowed are ${Object.values(contentTypes).join(', ')}`,
      );
    });
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
