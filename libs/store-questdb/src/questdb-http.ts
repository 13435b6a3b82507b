import { Buffer } from 'node:buffer';
import { Agent, request, type IncomingMessage } from 'node:http';
import { HindcastError } from '@hindcast/contracts';

export interface QuestDbHttpOptions {
  /** `http://127.0.0.1:7730`; a user and password in it are sent as basic authorization. */
  readonly url: string;
  readonly writeDeadlineMs?: number;
  readonly queryDeadlineMs?: number;
  readonly connectionsMax?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

export type SqlValue = string | number | boolean | null;
export type SqlRow = readonly SqlValue[];

/** The server's verdict on a request of rows. */
export type WriteAnswer =
  { readonly kind: 'written' } | { readonly kind: 'refused'; readonly line: number | undefined; readonly message: string };

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

interface Call extends CallOptions {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: Uint8Array;
}

/** An answer larger than this is a statement without a LIMIT, and a bug. */
const answerBytesMax = 256 * 1024 * 1024;
const messageCharactersMax = 1_000;
/** A connection that the server closed while it rested fails on its first use; a second fresh one tells the truth. */
const attemptsMax = 2;

/**
 * The server's HTTP door: keep-alive connections, a deadline of our own on everything (the server leaves some answers
 * open for ever), and its failures in our words. STORE_AWAY is whatever may pass, STORE_DENIED a
 * password that is not the server's; SCHEMA_MISSING and STORE_REFUSED are what it says about a statement.
 */
export class QuestDbHttp {
  readonly #base: URL;
  readonly #user: string;
  /** `user:password`, kept apart from the URL, which is shown. */
  readonly #credentials: string | undefined;
  readonly #agent: Agent;
  readonly #writeDeadlineMs: number;
  readonly #queryDeadlineMs: number;

  constructor({ url, writeDeadlineMs = 30_000, queryDeadlineMs = 60_000, connectionsMax = 16 }: QuestDbHttpOptions) {
    const { username, password, origin } = new URL(url);
    this.#base = new URL(origin);
    this.#user = decodeURIComponent(username);
    this.#credentials = username === '' ? undefined : `${this.#user}:${decodeURIComponent(password)}`;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connectionsMax });
    this.#writeDeadlineMs = writeDeadlineMs;
    this.#queryDeadlineMs = queryDeadlineMs;
  }

  /** Rows in the line protocol. All of a request's rows are kept or none: `refused` names the first bad line. */
  async write(body: Uint8Array): Promise<WriteAnswer> {
    const answer = await this.#call({ method: 'POST', path: '/write?precision=u', body, deadlineMs: this.#writeDeadlineMs });
    if (answer.status === 204) return { kind: 'written' };
    const { message, line } = refusalOf(answer);
    if (answer.status !== 400) throw this.#failure(answer, message);
    if (isSchemaMessage(message)) throw new HindcastError('SCHEMA_MISSING', `QuestDB says: ${message}`);
    return { kind: 'refused', line, message };
  }

  async query(sql: string, options: CallOptions = {}): Promise<readonly SqlRow[]> {
    const path = `/exec?nm=true&query=${encodeURIComponent(sql)}`;
    const answer = await this.#call({ method: 'GET', path, deadlineMs: this.#queryDeadlineMs, ...options });
    const parsed = parseJson(answer.body);
    if (answer.status === 200 && parsed && !('error' in parsed)) return (parsed.dataset ?? []) as readonly SqlRow[];
    const message = cut(typeof parsed?.error === 'string' ? parsed.error : answer.body.toString());
    if (answer.status === 200 && !parsed) throw new HindcastError('STORE_AWAY', 'QuestDB broke off in the middle of an answer');
    if (answer.status === 400 && isSchemaMessage(message)) throw new HindcastError('SCHEMA_MISSING', `QuestDB says: ${message}`);
    throw this.#failure(answer, message, sql);
  }

  close(): void {
    this.#agent.destroy();
  }

  #failure({ status }: Answer, message: string, sql?: string): HindcastError {
    if (status === 401 || status === 403) throw this.#denied(status);
    const mayPass = status >= 500 || status === 429 || status === 408;
    return new HindcastError(mayPass ? 'STORE_AWAY' : 'STORE_REFUSED', `QuestDB answered ${status}: ${message}`, {
      details: { status, ...(sql === undefined ? {} : { sql: cut(sql) }) },
    });
  }

  #denied(status: number): HindcastError {
    const sent = this.#credentials === undefined ? 'a request without a password' : `the password of user "${this.#user}"`;
    const where = 'HINDCAST_QUESTDB_PASSWORD_FILE or HINDCAST_QUESTDB_URL says it';
    return new HindcastError('STORE_DENIED', `QuestDB at ${this.#base.host} refuses ${sent}: ${where}.`, { details: { status } });
  }

  async #call(call: Call): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send(call);
      } catch (cause) {
        if (call.signal?.aborted) throw call.signal.reason;
        if (cause instanceof RangeError) throw cause;
        if (cause instanceof StaleConnection && attempt < attemptsMax) continue;
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new HindcastError('STORE_AWAY', `QuestDB at ${this.#base.host} does not answer: ${why}`, { cause });
      }
    }
  }

  #send({ method, path, body, signal, deadlineMs = this.#queryDeadlineMs }: Call): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      signal?.throwIfAborted();
      const sent = request(new URL(path, this.#base), {
        method,
        agent: this.#agent,
        signal,
        headers: body === undefined ? {} : { 'content-type': 'text/plain', 'content-length': body.length },
        ...(this.#credentials === undefined ? {} : { auth: this.#credentials }),
      });
      let late: Error | undefined;
      let answered = false;
      const deadline = setTimeout(() => {
        late = new Error(`no whole answer within ${deadlineMs} ms`);
        sent.destroy(late);
      }, deadlineMs);
      const fail = (cause: Error): void => {
        clearTimeout(deadline);
        const isStale = sent.reusedSocket && !answered && !late && isReset(cause);
        reject(isStale ? new StaleConnection(cause.message, { cause }) : (late ?? cause));
      };
      sent.on('error', fail);
      sent.on('response', (response) => {
        answered = true;
        readAll(response).then((bytes) => {
          clearTimeout(deadline);
          resolve({ status: response.statusCode ?? 0, body: bytes });
        }, fail);
      });
      sent.end(body);
    });
  }
}

class StaleConnection extends Error {}

function isReset(cause: Error): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > answerBytesMax) throw new RangeError(`an answer of more than ${answerBytesMax} bytes`);
  }
  return Buffer.concat(parts);
}

function refusalOf(answer: Answer): { readonly message: string; readonly line: number | undefined } {
  const parsed = parseJson(answer.body);
  const message = cut(typeof parsed?.message === 'string' ? parsed.message : answer.body.toString());
  return { message, line: typeof parsed?.line === 'number' ? parsed.line : undefined };
}

/**
 * A table or column that is not there, in the words of either door. What a row holds comes later in such a message and
 * must not be mistaken for them.
 */
const schemaMessage =
  /^(?:table does not exist|Invalid column)|^failed to parse line protocol:[^\n]*\nerror in line \d+: table: \w+(?:; table does not exist|, column: \w+ does not exist)/;

function isSchemaMessage(message: string): boolean {
  return schemaMessage.test(message);
}

function parseJson(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    return typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  return text.length > messageCharactersMax ? `${text.slice(0, messageCharactersMax)}...` : text;
}
