import { errorBody, HindcastError, type ErrorBody, type IngestAnswer, type TickKind } from '@hindcast/contracts';
import { emptyQuotes, emptyTrades, parseJson, parseTickBatches, parseTickRequest, type Mark, type TickBatch } from '@hindcast/market';
import { parseJsonMark } from './marks.js';

/** Chosen by the client, echoed in the answer; null where a message has none that could be read. */
export type MessageId = string | number | null;

export type IngestReply =
  ({ readonly event: 'ACK'; readonly id: MessageId } & IngestAnswer) | ({ readonly event: 'ERROR'; readonly id: MessageId } & ErrorBody);

/** A message whose id is known; what is wrong with the rest of it shows when it is parsed. */
export interface ReceivedMessage {
  readonly id: MessageId;
  readonly content: Readonly<Record<string, unknown>> | HindcastError;
}

export interface MessageLimits {
  readonly receivedAtUs: number;
  /** Of marks. */
  readonly latestUs: number;
  readonly rowsMax: number;
}

const idCharactersMax = 64;
const marksMax = 10_000;
const slackMsMax = 60_000;
const contents = ['trades', 'quotes', 'marks'] as const;

export function readMessage(text: string): ReceivedMessage {
  try {
    const value = parseJson(text, 'the message');
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new HindcastError('BODY_INVALID', 'the message must be an object: {id, trades}, {id, quotes} or {id, marks}');
    const { id, ...content } = value as Record<string, unknown>;
    return { id: parseId(id), content };
  } catch (error) {
    return { id: null, content: refusalOf(error) };
  }
}

/** A message that is no text at all. */
export function unreadable(message: string): ReceivedMessage {
  return { id: null, content: new HindcastError('BODY_INVALID', message) };
}

/** The batches of a message: the envelope of `POST /v1/trades`, and marks, which come after its rows. */
export function parseMessage({ content }: ReceivedMessage, limits: MessageLimits): readonly TickBatch[] {
  if (content instanceof HindcastError) throw content;
  const { marks: _marks, slack_ms: slackMs, ...envelope } = content;
  if (!contents.some((field) => Object.hasOwn(content, field)))
    throw new HindcastError('FIELD_INVALID', `the message has none of ${contents.join(', ')}`);
  const slackUs = parseSlackMs(slackMs) * 1_000;
  const marks = parseMarks(content, limits);
  const table = contents.find((field): field is TickKind => field !== 'marks' && Object.hasOwn(content, field));
  const batches = table === undefined ? [markBatch(envelope, limits)] : parseTickBatches(envelope, { ...limits, table });
  return batches.map((batch, at) => ({ ...batch, slackUs, marks: at === batches.length - 1 ? marks : [] }));
}

export function ackReply(id: MessageId, answer: IngestAnswer): IngestReply {
  return { event: 'ACK', id, ...answer };
}

export function errorReply(id: MessageId, error: HindcastError): IngestReply {
  return { event: 'ERROR', id, ...errorBody(error) };
}

function parseId(id: unknown): MessageId {
  if (typeof id === 'string' && id.length > 0 && id.length <= idCharactersMax) return id;
  if (typeof id === 'number' && Number.isSafeInteger(id)) return id;
  throw new HindcastError(
    'FIELD_INVALID',
    `id must be a whole number or a text of 1 to ${idCharactersMax} characters: the answer carries it`,
  );
}

function parseSlackMs(slackMs: unknown = 0): number {
  if (Number.isSafeInteger(slackMs) && (slackMs as number) >= 0 && (slackMs as number) <= slackMsMax) return slackMs as number;
  throw new HindcastError('FIELD_INVALID', `slack_ms is ${JSON.stringify(slackMs)}; it must be a whole number from 0 to ${slackMsMax}`);
}

function parseMarks({ marks = [], market }: ContentFields, { latestUs }: MessageLimits): readonly Mark[] {
  if (!Array.isArray(marks) || marks.length > marksMax)
    throw new HindcastError('FIELD_INVALID', `marks must be a list of at most ${marksMax}`);
  const { market: defaultMarket } = parseTickRequest({ market });
  return marks.map((mark) => parseJsonMark(mark, { defaultMarket, latestUs }));
}

interface ContentFields {
  readonly marks?: unknown;
  readonly market?: unknown;
}

/** A message of marks alone. */
function markBatch(envelope: Readonly<Record<string, unknown>>, { receivedAtUs }: MessageLimits): TickBatch {
  const unknownField = Object.keys(envelope).find((field) => field !== 'source' && field !== 'market');
  if (unknownField !== undefined)
    throw new HindcastError(
      'FIELD_INVALID',
      `${unknownField} is not a field of a message of marks; allowed are id, source, market, slack_ms, marks`,
    );
  const { source } = parseTickRequest(envelope);
  return { source, receivedAtUs, slackUs: 0, trades: emptyTrades, quotes: emptyQuotes, marks: [], rejected: [] };
}

function refusalOf(error: unknown): HindcastError {
  if (error instanceof HindcastError) return error;
  throw error;
}
