import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { replayedInstrumentsMax, type ErrorCode, type ReplayReport, type ReplayStates } from '@hindcast/contracts';
import { commaList, Documented, parseFields, parseQuery } from '@hindcast/service-kit';
import { symbolField } from '../request-fields.js';
import {
  parseReplay,
  parseReplayId,
  parseStep,
  replayIdField,
  replaySchema,
  seekSchema,
  speedSchema,
  stepSchema,
} from './replay-request.js';
import { Replays } from './replays.js';

const path = { id: replayIdField };
const standingQuery = { symbols: commaList(symbolField, { max: replayedInstrumentsMax }).optional() };
const storeErrors: readonly ErrorCode[] = ['STORE_AWAY', 'STORE_DENIED'];

@Controller('v1/replays')
export class ReplaysController {
  constructor(private readonly replays: Replays) {}

  /**
   * Tells recorded states once more, under a clock of its own, to whoever listens at `/v1/stream?replay={id}`; live states and
   * stores stay as they are. Body: `symbols`, `from` and `to` (states after the one, up to the other), `market` (else all),
   * `mode` (live, what was told then; or hindsight), `speed` (so many times as fast as it happened, max, or step), `paused`
   * (true: it waits for `resume` or `step`), `name` (its id). Answers when it can be listened to.
   */
  @Post()
  @Documented({
    body: replaySchema,
    errors: ['REPLAY_EXISTS', 'REPLAYS_FULL', 'SYMBOL_UNKNOWN', 'STORE_NOT_READY', ...storeErrors],
  })
  start(@Body() body: unknown): Promise<ReplayReport> {
    return this.replays.start(parseReplay(body));
  }

  /** Every replay of this process. */
  @Get()
  list(): { readonly replays: readonly ReplayReport[] } {
    return { replays: this.replays.list() };
  }

  /** What a replay is doing, where it is, and what it has told. */
  @Get(':id')
  @Documented({ path, errors: ['REPLAY_UNKNOWN'] })
  report(@Param('id') id: unknown): ReplayReport {
    return this.replays.report(parseReplayId(id));
  }

  /** The newest state of each instrument at a replay's position. Query: `symbols` with commas between, else all. */
  @Get(':id/states')
  @Documented({ path, query: standingQuery, errors: ['REPLAY_UNKNOWN'] })
  states(@Param('id') id: unknown, @Query() query: unknown): ReplayStates {
    return this.replays.standing(parseReplayId(id), parseQuery(standingQuery, query).symbols);
  }

  /** Stops a replay between two states; when this is answered, nothing more of it is told. */
  @Post(':id/pause')
  @HttpCode(200)
  @Documented({ path, errors: ['REPLAY_UNKNOWN'] })
  pause(@Param('id') id: unknown): Promise<ReplayReport> {
    return this.replays.pause(parseReplayId(id));
  }

  /** Lets a replay go on from where it is, one that failed included. */
  @Post(':id/resume')
  @HttpCode(200)
  @Documented({ path, errors: ['REPLAY_UNKNOWN'] })
  resume(@Param('id') id: unknown): Promise<ReplayReport> {
    return this.replays.resume(parseReplayId(id));
  }

  /**
   * Tells exactly as much as is asked for, at once, and pauses; answers when it is told. Body: `states`, `trades` (to the end
   * of the bar that has the last of them) or `seconds` of event time; one state where it is empty.
   */
  @Post(':id/step')
  @HttpCode(200)
  @Documented({ path, body: stepSchema, errors: ['REPLAY_UNKNOWN'] })
  step(@Param('id') id: unknown, @Body() body: unknown): Promise<ReplayReport> {
    return this.replays.step(parseReplayId(id), parseStep(body));
  }

  /** Moves a replay to another time of its span, forth or back; listeners get a new snapshot. Body: `to`. It plays on if it played. */
  @Post(':id/seek')
  @HttpCode(200)
  @Documented({ path, body: seekSchema, errors: ['REPLAY_UNKNOWN', ...storeErrors] })
  seek(@Param('id') id: unknown, @Body() body: unknown): Promise<ReplayReport> {
    return this.replays.seek(parseReplayId(id), parseFields(seekSchema, body).to);
  }

  /** Makes a replay faster or slower, also while it plays. Body: `speed`, a number or max. */
  @Post(':id/speed')
  @HttpCode(200)
  @Documented({ path, body: speedSchema, errors: ['REPLAY_UNKNOWN'] })
  speed(@Param('id') id: unknown, @Body() body: unknown): Promise<ReplayReport> {
    return this.replays.setSpeed(parseReplayId(id), parseFields(speedSchema, body).speed);
  }

  /** Ends a replay; whoever listens to it is told and disconnected. Answers with its last report. */
  @Delete(':id')
  @Documented({ path, errors: ['REPLAY_UNKNOWN'] })
  remove(@Param('id') id: unknown): Promise<ReplayReport> {
    return this.replays.remove(parseReplayId(id));
  }
}
