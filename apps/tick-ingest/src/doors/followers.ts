import { HindcastError } from '@hindcast/contracts';
import type { LmdbTickLog } from '@hindcast/log-lmdb';
import {
  arrowSectionsOf,
  decodeLoggedBatch,
  encodeQuotes,
  encodeTrades,
  headerOf,
  isSymbol,
  selectSymbols,
  type Mark,
} from '@hindcast/market';
import type { CheckpointReport } from '@hindcast/ports';
import { parseFields } from '@hindcast/service-kit';
import { z } from 'zod';
import { drainName } from '../monitoring/log-observer.js';

/** `FollowRequest` of tick_ingest.proto. */
export interface FollowRequest {
  readonly streamId: string;
  readonly fromNumber: number;
  readonly follower: string;
  readonly live: boolean;
  readonly tables: boolean;
  readonly symbols: readonly string[];
}

/** `LoggedBatch` of tick_ingest.proto. */
export interface LoggedBatchMessage {
  readonly streamId: string;
  readonly number: number;
  readonly headNumber: number;
  readonly body?: Uint8Array;
  readonly trades?: Uint8Array;
  readonly quotes?: Uint8Array;
  readonly marks?: readonly Mark[];
}

const followerPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;
export const followerField = z.string().regex(followerPattern).describe('a name of a follower, [a-z0-9][a-z0-9-]{0,63}');
const symbolsMax = 1_000;
/** Names of others that hold trimming back: each may fill the log until it is cut off. */
const checkpointsMax = 32;

export interface FollowersParts {
  readonly log: Pick<LmdbTickLog, 'streamId' | 'position' | 'progress' | 'followBodies' | 'reportCheckpoint' | 'forgetCheckpoint'>;
  readonly followersMax: number;
  /** The deployment's own: their checkpoints always have room. */
  readonly followers: readonly string[];
}

/**
 * Those who read the log over the wire. A batch is read when the transport has room for it, so one that stops reading
 * costs a batch of memory; only a checkpoint, which it must report, holds trimming back.
 */
export class Followers {
  private count = 0;

  constructor(private readonly parts: FollowersParts) {}

  get following(): number {
    return this.count;
  }

  async *follow(request: FollowRequest, signal: AbortSignal): AsyncGenerator<LoggedBatchMessage> {
    const { log, followersMax } = this.parts;
    const { streamId, follower } = request;
    if (follower !== '') requireFollower(follower);
    const shape = shapeOf(request);
    if (this.count >= followersMax)
      throw new HindcastError('CLIENTS_FULL', `${followersMax} followers read the log, as many as HINDCAST_FOLLOWERS_MAX allows`);
    this.count++;
    try {
      const fromNumber = this.firstOf(request);
      for await (const { number, body, headNumber } of log.followBodies({ fromNumber, streamId, signal })) {
        yield { streamId: log.streamId, number, headNumber, ...shape(body) };
      }
    } finally {
      this.count--;
    }
  }

  async report(report: CheckpointReport): Promise<void> {
    const { log, followers } = this.parts;
    const { follower, number } = report;
    requireFollower(follower);
    if (follower === drainName) throw new HindcastError('FIELD_INVALID', `follower is ${drainName}, the name of the drain into the store`);
    const { headNumber } = log.position();
    if (number > headNumber) throw new HindcastError('FIELD_INVALID', `number is ${number}; the newest batch is ${headNumber}`);
    const others = log
      .progress()
      .checkpoints.map((known) => known.follower)
      .filter((name) => !followers.includes(name));
    if (others.length >= checkpointsMax && !followers.includes(follower) && !others.includes(follower))
      throw new HindcastError('CLIENTS_FULL', `the log keeps the checkpoints of ${checkpointsMax} followers, and no more`);
    await log.reportCheckpoint(report);
  }

  /**
   * Nothing is kept any more for an outside follower, until it reports again. FIELD_INVALID, FOLLOWER_OWN, FOLLOWER_UNKNOWN,
   * LOG_UNAVAILABLE; nothing is changed then.
   */
  async forget(name: unknown): Promise<{ readonly follower: string }> {
    const { log, followers } = this.parts;
    const { follower } = parseFields(z.object({ follower: followerField }), { follower: name });
    if (follower === drainName || followers.includes(follower))
      throw new HindcastError(
        'FOLLOWER_OWN',
        `${follower} is one of Hindcast's own followers, ${[drainName, ...followers].join(' and ')}.`,
      );
    if (!(await log.forgetCheckpoint(follower)))
      throw new HindcastError('FOLLOWER_UNKNOWN', `${follower} has reported no checkpoint, or it is forgotten already.`);
    return { follower };
  }

  /** Checked against the log's own stream by the log itself, before the first batch. */
  private firstOf({ fromNumber, live, streamId }: FollowRequest): number {
    const { log } = this.parts;
    const { firstNumber, headNumber } = log.position();
    if (live && fromNumber !== 0) throw new HindcastError('FIELD_INVALID', `from_number is ${fromNumber}; with live it must be 0`);
    if (live) return headNumber + 1;
    const isOurs = streamId === '' || streamId === log.streamId;
    if (isOurs && fromNumber > headNumber + 1)
      throw new HindcastError('FIELD_INVALID', `from_number is ${fromNumber}; the next batch will be ${headNumber + 1}`);
    return fromNumber === 0 ? firstNumber : fromNumber;
  }
}

/** How a batch is shown to this follower: as it rests, cut into tables, or with some of its rows. */
function shapeOf({ tables, symbols }: FollowRequest): (body: Uint8Array) => Partial<LoggedBatchMessage> {
  if (symbols.length === 0) return tables ? (body) => ({ ...arrowSectionsOf(body), marks: headerOf(body).marks }) : (body) => ({ body });
  if (!tables) throw new HindcastError('FIELD_INVALID', 'symbols are chosen with tables only: a body is passed on whole');
  if (symbols.length > symbolsMax)
    throw new HindcastError('FIELD_INVALID', `there are ${symbols.length} symbols; at most ${symbolsMax} are allowed`);
  const wrong = symbols.find((symbol) => !isSymbol(symbol));
  if (wrong !== undefined)
    throw new HindcastError('FIELD_INVALID', `symbols has ${JSON.stringify(wrong)}; each must match [A-Z0-9][A-Z0-9.:-]{0,31}`);
  const wanted = new Set(symbols);
  return (body) => {
    const { trades, quotes, marks } = selectSymbols(decodeLoggedBatch(body), wanted);
    return {
      ...(trades.length === 0 ? {} : { trades: encodeTrades(trades) }),
      ...(quotes.length === 0 ? {} : { quotes: encodeQuotes(quotes) }),
      marks,
    };
  };
}

function requireFollower(follower: string): void {
  if (!followerPattern.test(follower))
    throw new HindcastError('FIELD_INVALID', `follower is ${JSON.stringify(follower)}; it must match ${followerPattern.source}`);
}
