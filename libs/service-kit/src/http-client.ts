import { errorCodes, HindcastError, type ErrorBody } from '@hindcast/contracts';
import { keyHeaders } from './access/presented-key.js';
import { thrownError, thrownMessage } from './thrown.js';

export interface ServiceClientOptions {
  /** Who answers, for messages: `market-physics`. */
  readonly name: string;
  readonly baseUrl: string;
  /** Sent with each call, where the service asks for keys. */
  readonly apiKey?: string | undefined;
  /** The whole of a call, its body included. */
  readonly deadlineMs?: number;
  readonly answerBytesMax?: number;
}

export interface CallOptions<T> {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** The door of this side: throws where the answer is not what was agreed. */
  readonly parse: (body: unknown) => T;
}

const defaultDeadlineMs = 5_000;
const defaultAnswerBytesMax = 64 * 1024 * 1024;

/** Calls another service of Hindcast: its error codes come through as they are, its silence is UPSTREAM_AWAY. */
export class ServiceClient {
  private readonly name: string;
  private readonly baseUrl: string;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly deadlineMs: number;
  private readonly answerBytesMax: number;

  constructor({ name, baseUrl, apiKey, deadlineMs = defaultDeadlineMs, answerBytesMax = defaultAnswerBytesMax }: ServiceClientOptions) {
    this.name = name;
    this.baseUrl = baseUrl;
    this.headers = keyHeaders(apiKey);
    this.deadlineMs = deadlineMs;
    this.answerBytesMax = answerBytesMax;
  }

  get<T>(path: string, options: CallOptions<T>): Promise<T> {
    return this.call('GET', path, options);
  }

  post<T>(path: string, options: CallOptions<T>): Promise<T> {
    return this.call('POST', path, options);
  }

  put<T>(path: string, options: CallOptions<T>): Promise<T> {
    return this.call('PUT', path, options);
  }

  delete<T>(path: string, options: CallOptions<T>): Promise<T> {
    return this.call('DELETE', path, options);
  }

  private async call<T>(method: string, path: string, { query = {}, body, signal, parse }: CallOptions<T>): Promise<T> {
    const url = new URL(this.baseUrl + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const deadline = AbortSignal.timeout(this.deadlineMs);
    const { status, text } = await this.exchange(url, {
      method,
      signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
      headers: { ...this.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = this.decoded(url, text);
    if (status >= 400) throw errorOfAnswer(answer) ?? this.away(url, `answered ${status}`);
    return parse(answer);
  }

  private async exchange(url: URL, init: RequestInit): Promise<{ readonly status: number; readonly text: string }> {
    try {
      const response = await fetch(url, init);
      return { status: response.status, text: await this.bodyOf(response) };
    } catch (error) {
      if (error instanceof HindcastError) throw error;
      throw this.away(url, reasonOf(error, this.deadlineMs), error);
    }
  }

  private async bodyOf(response: Response): Promise<string> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += piece.byteLength;
      if (bytes > this.answerBytesMax) throw new Error(`answered more than ${this.answerBytesMax} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  private decoded(url: URL, text: string): unknown {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      throw this.away(url, 'answered something that is not JSON', error);
    }
  }

  private away(url: URL, reason: string, cause?: unknown): HindcastError {
    return new HindcastError('UPSTREAM_AWAY', `${this.name} at ${url.origin} ${reason}.`, { cause });
  }
}

function reasonOf(error: unknown, deadlineMs: number): string {
  const thrown = thrownError(error);
  if (thrown?.name === 'TimeoutError') return `did not answer in ${deadlineMs} ms`;
  return `does not answer (${thrownMessage(thrown?.cause ?? error)})`;
}

/** The error that an answer of ours tells of, code, message and details; undefined where it is not one of ours. */
export function errorOfAnswer(answer: unknown): HindcastError | undefined {
  const error = (answer as Partial<ErrorBody> | null)?.error;
  if (error === undefined || !(error.code in errorCodes)) return undefined;
  return new HindcastError(error.code, error.message, error.details === undefined ? {} : { details: error.details });
}
