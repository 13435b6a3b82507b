import { dayUs, HindcastError, rejectionCodes, utcDay, type RejectionCode } from '@hindcast/contracts';
import { requireSource, type CellCount, type Instrument, type RejectedRow, type TickBatch } from '@hindcast/market';
import type { IntakeAnswer } from '../admission/intake.js';
import { arrowBatches } from './arrow-batches.js';
import { parseMark } from './marks.js';
import { rejectedListMax, rejectedRowDto } from './ingest-answer.js';

/** The messages of `TickIngest.Push`, as proto-loader hands them over. */
export interface PushRequest {
  readonly tag: number;
  readonly source: string;
  readonly market: string;
  readonly trades: Uint8Array;
  readonly quotes: Uint8Array;
  readonly marks: readonly { readonly market: string; readonly symbol: string; readonly timeUs: number }[];
  readonly offset?: number;
  readonly slackMs: number;
  readonly rejected: readonly PushedRejection[];
  readonly streamId: string;
}

/** A row that the sender itself could not read. */
interface PushedRejection {
  readonly index: number;
  readonly code: string;
  readonly field: string;
  readonly message: string;
  readonly table: string;
  readonly text: string;
}

export interface PushAck {
  readonly tag: number;
  readonly accepted?: number;
  readonly duplicate?: number;
  readonly rejected?: number;
  readonly late?: number;
  readonly rejectedRows?: readonly object[];
  readonly streamId?: string;
  readonly throughNumber?: number;
  readonly tradeDays?: readonly TradeDay[];
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly retry?: boolean;
}

/** `TradeDay` of tick_ingest.proto. */
interface TradeDay extends Instrument {
  readonly day: string;
  readonly accepted: number;
  readonly late: number;
}

const tradeDaysMax = 10_000;
const slackMsMax = 60_000;
const wordMax = 256;
const textMax = 1_000;

export function parsePush(
  request: PushRequest,
  { nowUs, maxAheadUs }: { readonly nowUs: number; readonly maxAheadUs: number },
): readonly TickBatch[] {
  const { source, market, trades, quotes, offset, slackMs } = request;
  requireSource(source);
  if (slackMs > slackMsMax) throw new HindcastError('FIELD_INVALID', `slack_ms is ${slackMs}; at most ${slackMsMax} is allowed`);
  return arrowBatches(
    { trades, quotes, source, market, receivedAtUs: nowUs, ...(offset === undefined ? {} : { offset }) },
    {
      slackUs: slackMs * 1_000,
      marks: request.marks.map((mark) => parseMark(mark, nowUs + maxAheadUs)),
      rejected: request.rejected.map(parseRejection),
    },
  );
}

/** A sender that was told of another log must not go on as if that one were still there. */
export function requireSameLog({ streamId }: PushRequest, present: string): void {
  if (streamId === '' || streamId === present) return;
  throw new HindcastError('LOG_REPLACED', `The log is ${present} now, and stream_id names ${JSON.stringify(streamId.slice(0, wordMax))}.`);
}

function parseRejection({ index, code, field, message, table, text }: PushedRejection): RejectedRow {
  if (!(code in rejectionCodes))
    throw new HindcastError(
      'FIELD_INVALID',
      `rejected.code is ${JSON.stringify(code)}; it must be one of ${Object.keys(rejectionCodes).join(', ')}`,
    );
  if (table !== 'trades' && table !== 'quotes')
    throw new HindcastError('FIELD_INVALID', `rejected.table is ${JSON.stringify(table)}; it must be trades or quotes`);
  return {
    table,
    position: index,
    code: code as RejectionCode,
    field: field.slice(0, wordMax),
    message: message.slice(0, wordMax),
    text: text.slice(0, textMax),
  };
}

export function acknowledged(tag: number, { counts, rejected, cells, throughNumber }: IntakeAnswer, streamId: string): PushAck {
  const { trades, quotes } = counts;
  return {
    tag,
    accepted: trades.accepted + quotes.accepted,
    duplicate: trades.duplicate + quotes.duplicate,
    rejected: trades.rejected + quotes.rejected,
    late: trades.late,
    rejectedRows: rejected.slice(0, rejectedListMax).map((row) => ({ ...rejectedRowDto(row), table: row.table })),
    streamId,
    throughNumber,
    tradeDays: cells
      .filter(({ table }) => table === 'trades')
      .slice(0, tradeDaysMax)
      .map(tradeDay),
  };
}

function tradeDay({ market, symbol, day, admitted: accepted, late }: CellCount): TradeDay {
  return { market, symbol, day: utcDay(day * dayUs), accepted, late };
}

export function refused(tag: number, error: HindcastError): PushAck {
  return { tag, errorCode: error.code, errorMessage: error.message, retry: error.retry };
}
