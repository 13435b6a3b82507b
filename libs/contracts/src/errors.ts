/**
 * The one registry of failures that a caller may see. A code is stable: clients branch on it, never on the message.
 * `status` and `grpc` are read by the error filters only; nothing else in the code knows a transport's numbers.
 */
export const errorCodes = {
  // What the caller sent.
  BODY_INVALID: { status: 400, grpc: 3, retry: false, help: 'The request cannot be parsed; nothing of it was kept.' },
  FIELD_INVALID: {
    status: 400,
    grpc: 3,
    retry: false,
    help: 'A field has a value that is not allowed; the message names field, value and what is allowed.',
  },
  TRADE_ID_REQUIRED: {
    status: 400,
    grpc: 3,
    retry: false,
    help: 'Give every tick its id, or the request a `source` and the `offset` of its first row.',
  },
  REQUEST_INVALID: {
    status: 400,
    grpc: 3,
    retry: false,
    help: 'This is no HTTP request, or one that says two things at once; it was not read.',
  },
  REQUEST_TOO_SLOW: { status: 408, grpc: 4, retry: true, help: 'The request did not arrive whole in time; nothing of it was kept.' },
  HEADERS_TOO_LARGE: { status: 431, grpc: 8, retry: false, help: 'All headers of a request have 16 KB together.' },
  MEDIA_TYPE_UNKNOWN: {
    status: 415,
    grpc: 3,
    retry: false,
    help: 'Send a content-type and a content-encoding that the door reads; the message lists them.',
  },
  BATCH_TOO_LARGE: { status: 413, grpc: 8, retry: false, help: 'Send fewer rows a request.' },
  SYMBOL_UNKNOWN: {
    status: 404,
    grpc: 5,
    retry: false,
    help: 'Nothing was ever recorded for this symbol: GET /v1/symbols lists those that were.',
  },
  STATE_UNKNOWN: { status: 404, grpc: 5, retry: false, help: 'There is no state of this symbol at or before this time.' },
  ROUTE_UNKNOWN: { status: 404, grpc: 12, retry: false, help: 'There is no such path; GET /docs lists them.' },
  CURSOR_INVALID: { status: 400, grpc: 3, retry: false, help: 'Use `next_cursor` of the answer before, unchanged.' },
  SQL_INVALID: {
    status: 400,
    grpc: 3,
    retry: false,
    help: 'Send one SELECT over trades, quotes, bars_1m and market_states; DESCRIBE of each shows its columns.',
  },
  SQL_TOO_HEAVY: {
    status: 422,
    grpc: 8,
    retry: false,
    help: 'The question takes more time or memory than one may: narrow it by symbol and time, or aggregate more.',
  },
  REBUILD_RUNNING: { status: 409, grpc: 9, retry: true, help: 'One rebuild runs at a time; wait for it or cancel it.' },
  SERVICE_UNKNOWN: {
    status: 404,
    grpc: 5,
    retry: false,
    help: 'This gRPC port has no such service; ask for its own, or with an empty name for all.',
  },
  JOB_UNKNOWN: { status: 404, grpc: 5, retry: false, help: 'There is no job of this id.' },
  // Who the caller is.
  KEY_REQUIRED: {
    status: 401,
    grpc: 16,
    retry: false,
    help: 'Send an API key: `Authorization: Bearer <key>`, in gRPC as metadata; our own clients take it from HINDCAST_API_KEY.',
  },
  KEY_UNKNOWN: {
    status: 401,
    grpc: 16,
    retry: false,
    help: 'The API key is not known here, or no longer; `hindcast keys new` makes one.',
  },
  RIGHT_MISSING: {
    status: 403,
    grpc: 7,
    retry: false,
    help: 'The API key does not hold the right that the message names; make one that does with `hindcast keys new`.',
  },
  ORIGIN_REFUSED: {
    status: 403,
    grpc: 7,
    retry: false,
    help: 'A page of another machine may not use the doors of this one through a browser; with HINDCAST_API_KEYS the key decides.',
  },
  RATE_LIMITED: {
    status: 429,
    grpc: 8,
    retry: true,
    help: 'More a second than one key, address or WebSocket may send: wait as Retry-After says, or a second, and put more into each request.',
  },
  READS_FULL: {
    status: 429,
    grpc: 8,
    retry: true,
    help: 'As many ranges are being read as may be at once, in all or by this key or address: finish or close one, then ask again.',
  },
  CONNECTIONS_FULL: {
    status: 503,
    grpc: 14,
    retry: true,
    help: 'The port has as many connections as it serves, in all or from this address: close some, or connect again later.',
  },
  // What we cannot do now.
  QUEUE_FULL: {
    status: 429,
    grpc: 8,
    retry: true,
    help: 'As many questions wait as may; ask again after Retry-After.',
  },
  CALL_CANCELLED: { status: 499, grpc: 1, retry: true, help: 'The caller was gone, or the service stopped, before there was an answer.' },
  LOG_FULL: {
    status: 429,
    grpc: 8,
    retry: true,
    help: 'The log is at its bound until its followers advance; send again after Retry-After.',
  },
  INSTRUMENT_FULL: {
    status: 429,
    grpc: 8,
    retry: true,
    help: "The instrument's own file cannot take rows, and as many wait as may: the operator mends it. All other instruments are taken.",
  },
  LOG_UNAVAILABLE: {
    status: 503,
    grpc: 14,
    retry: true,
    help: 'The log could not be flushed to disk; nothing of the request was kept, send it again.',
  },
  LOG_REPLACED: {
    status: 409,
    grpc: 9,
    retry: false,
    help: 'The log is not the one that acknowledged what was sent before; what was acknowledged and not stored may be lost with it. Send again from the source: what is stored is recognised.',
  },
  STORE_AWAY: {
    status: 503,
    grpc: 14,
    retry: true,
    help: 'These rows are older than the log and the store that knows them does not answer; send them again.',
  },
  STORE_NOT_READY: { status: 503, grpc: 14, retry: true, help: 'A new log waits until the store has applied all that was written to it.' },
  MIGRATION_RUNNING: { status: 409, grpc: 10, retry: true, help: 'Another migrator is at work: wait for it.' },
  STORE_REFUSED: { status: 500, grpc: 13, retry: false, help: 'The store refused a statement; its own words are in the message.' },
  STORE_DENIED: {
    status: 503,
    grpc: 14,
    retry: true,
    help: 'QuestDB refuses our password: the operator corrects HINDCAST_QUESTDB_PASSWORD_FILE or HINDCAST_QUESTDB_URL and restarts.',
  },
  STORE_LOCKED: {
    status: 503,
    grpc: 14,
    retry: true,
    help: 'Another process, or another part of this one, has the embedded store open: stop it, or name another HINDCAST_HOME.',
  },
  STORE_DAMAGED: {
    status: 503,
    grpc: 15,
    retry: true,
    help: "One instrument's file cannot be read; all others go on. Put a good copy in its place, or move it away to begin anew.",
  },
  SCHEMA_MISSING: { status: 503, grpc: 9, retry: true, help: 'Tables are missing: run `npx hindcast migrate up`.' },
  SCHEMA_CHANGED: {
    status: 503,
    grpc: 9,
    retry: true,
    help: 'A table is no longer as the migrations made it: give its columns back the types that the message names (docs/OPERATING.md).',
  },
  MODEL_MISSING: {
    status: 503,
    grpc: 9,
    retry: true,
    help: 'The embedding model is not installed: run `npm run setup`, then start again.',
  },
  MEMORY_UNKNOWN: { status: 404, grpc: 5, retry: false, help: 'There is no memory of this name: `npx hindcast memory` lists them.' },
  MEMORY_EXISTS: {
    status: 409,
    grpc: 6,
    retry: false,
    help: 'A memory of this name is there, fitted otherwise: choose another name, or drop it first.',
  },
  MEMORY_IN_USE: {
    status: 409,
    grpc: 9,
    retry: false,
    help: 'Questions are asked of this memory: use another one first (`npx hindcast memory use`).',
  },
  MEMORY_BUSY: { status: 409, grpc: 9, retry: true, help: 'A memory is being fitted or built: wait for it, or stop it.' },
  MEMORY_NOT_KNOWN_YET: {
    status: 409,
    grpc: 9,
    retry: false,
    help: 'The memory was fitted on later moments than the question may know of: fit one on a span that ends before it (`npx hindcast memory fit`).',
  },
  MOMENT_UNKNOWN: {
    status: 404,
    grpc: 5,
    retry: false,
    help: "There is no signature of this instrument at or before this time: the first one comes a quarter of an hour after a session's first trade.",
  },
  MOMENTS_NONE: { status: 404, grpc: 5, retry: false, help: 'No moment passes the filter: widen it, or build the memory over more days.' },
  MEMORY_EMPTY: { status: 409, grpc: 9, retry: true, help: 'Nothing has been remembered yet: import or replay some data first.' },
  VECTOR_STORE_AWAY: { status: 503, grpc: 14, retry: true, help: 'The vector store cannot be read or written.' },
  BUS_AWAY: { status: 503, grpc: 14, retry: true, help: 'Redis does not answer.' },
  BUS_DENIED: {
    status: 503,
    grpc: 14,
    retry: true,
    help: 'Redis refuses our password: the operator corrects HINDCAST_REDIS_PASSWORD_FILE or HINDCAST_REDIS_URL and restarts.',
  },
  UPSTREAM_AWAY: { status: 503, grpc: 14, retry: true, help: 'Another service of Hindcast does not answer.' },
  STREAM_UNKNOWN: { status: 409, grpc: 9, retry: false, help: 'This log has another stream id: start again from the store.' },
  NUMBER_TRIMMED: { status: 409, grpc: 11, retry: false, help: 'This batch was trimmed from the log: catch up from the store first.' },
  FOLLOWER_UNKNOWN: { status: 404, grpc: 5, retry: false, help: 'The log keeps no checkpoint of this name; GET /v1/followers lists them.' },
  FOLLOWER_OWN: {
    status: 409,
    grpc: 9,
    retry: false,
    help: "The log waits for Hindcast's own followers, so that nothing is lost: mend what holds this one up.",
  },
  AGENT_UNKNOWN: { status: 404, grpc: 5, retry: false, help: 'No state of this agent is kept; it lives for an hour after it was put.' },
  AGENT_STATE_TOO_LARGE: { status: 413, grpc: 3, retry: false, help: 'Keep the state below the bound that the message names.' },
  SUBSCRIPTION_INVALID: { status: 400, grpc: 3, retry: false, help: 'Name events and symbols as the README shows.' },
  SUBSCRIBER_SILENT: {
    status: 408,
    grpc: 4,
    retry: true,
    help: 'The subscriber took nothing for so long that it counted as gone; subscribe again.',
  },
  SUBSCRIPTIONS_FULL: {
    status: 409,
    grpc: 8,
    retry: false,
    help: 'The subscriber has as many subscriptions as one may have: unsubscribe from some, or subscribe to "*".',
  },
  CLIENTS_FULL: { status: 503, grpc: 8, retry: true, help: 'The service has as many subscribers as it serves; connect again later.' },
  // Replays.
  REPLAY_UNKNOWN: {
    status: 404,
    grpc: 5,
    retry: false,
    help: 'There is no replay of this id, or no longer: replays end with the process. GET /v1/replays lists them.',
  },
  REPLAY_EXISTS: { status: 409, grpc: 6, retry: false, help: 'A replay of this name is there: remove it first, or take another name.' },
  REPLAYS_FULL: { status: 409, grpc: 8, retry: false, help: 'As many replays are under way as may be: remove one first.' },
  // Feeds.
  FEED_UNKNOWN: { status: 404, grpc: 5, retry: false, help: 'There is no feed of this name; GET /v1/feeds lists them.' },
  FEED_EXISTS: { status: 409, grpc: 6, retry: false, help: 'A feed of this name is there: remove it first, or take another name.' },
  FEEDS_FULL: { status: 409, grpc: 8, retry: false, help: 'As many feeds are there as may be: remove one first.' },
  FEED_AWAY: { status: 503, grpc: 14, retry: true, help: 'The source of a feed does not answer; the feed tries again by itself.' },
  FEED_DENIED: {
    status: 403,
    grpc: 7,
    retry: false,
    help: 'The source of a feed refuses our keys: correct them and start the feed again.',
  },
  SHUTTING_DOWN: { status: 503, grpc: 14, retry: true, help: 'The service is stopping; send again in a moment.' },
  CONFIG_INVALID: { status: 500, grpc: 9, retry: false, help: 'Every bad key is listed; correct them and start again.' },
  PORT_IN_USE: { status: 500, grpc: 9, retry: false, help: 'Another process has the port: stop it or set HINDCAST_PORT_OFFSET.' },
  INTERNAL: { status: 500, grpc: 13, retry: false, help: 'A fault of ours; the log has it under the request id.' },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** Why a single row was not let in. Rows are rejected one by one; the rest of their request is kept. */
export const rejectionCodes = {
  ROW_INVALID: 'The row is not an object with the fields of a tick.',
  SYMBOL_INVALID: 'symbol must match [A-Z0-9][A-Z0-9.:-]{0,31}.',
  MARKET_INVALID: 'market must match [a-z0-9][a-z0-9-]{0,31}/[a-z0-9][a-z0-9-]{0,31}, as usa/equity.',
  EXCHANGE_INVALID: 'exchange must be at most 16 of A-Z a-z 0-9 . _ -.',
  TIME_INVALID:
    'timestamp must be ISO 8601, not before 1970, or whole microseconds since the epoch, not before 1973: smaller numbers are of other units.',
  TIME_IN_FUTURE: 'timestamp is further ahead of the clock than HINDCAST_MAX_AHEAD_MS allows.',
  PRICE_INVALID: 'price must be a finite number above 0.',
  SIZE_INVALID: 'size must be a finite number above 0.',
  QUOTE_EMPTY: 'a quote needs at least one side: a finite bid or ask above 0, with a finite size of 0 or more.',
  SIDE_INVALID: 'side must be B, S or absent.',
  ID_INVALID: 'the id must be 1 to 64 printable ASCII characters or a whole number.',
  CONDITIONS_INVALID: 'conditions must be at most 64 printable ASCII characters.',
  PRICE_OUT_OF_BAND: 'price is outside the band configured for the symbol.',
  TRADE_CONFLICT: 'another tick with this identity was kept before: the first version wins.',
} as const;

export type RejectionCode = keyof typeof rejectionCodes;

export interface ErrorDetails {
  readonly [name: string]: unknown;
}

/** A failure of the world or of the caller. Bugs are plain errors: they crash. */
export class HindcastError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message?: string, options: { readonly cause?: unknown; readonly details?: ErrorDetails } = {}) {
    super(message ?? errorCodes[code].help, { cause: options.cause });
    this.name = 'HindcastError';
    this.code = code;
    this.details = options.details ?? {};
  }

  get retry(): boolean {
    return errorCodes[this.code].retry;
  }
}

/** The one shape of every error on every door. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly help: string;
    readonly retry: boolean;
    readonly request_id?: string;
    readonly details?: ErrorDetails;
  };
}

export function errorBody(error: HindcastError, requestId?: string): ErrorBody {
  const { help, retry } = errorCodes[error.code];
  return {
    error: {
      code: error.code,
      message: error.message,
      help,
      retry,
      ...(requestId === undefined ? {} : { request_id: requestId }),
      ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
    },
  };
}
