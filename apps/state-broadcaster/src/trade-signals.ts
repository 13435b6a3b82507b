import { channels, HindcastError, isoFromUs, type TradeSignal } from '@hindcast/contracts';
import { isSymbol } from '@hindcast/market';
import type { Bus, Clock } from '@hindcast/ports';
import { isoTime, parseFields } from '@hindcast/service-kit';
import { z } from 'zod';
import { agentIdField, signalSideField } from './agent-fields.js';

/** How far ahead of our clock an agent's may be. */
const aheadMaxUs = 60_000_000;

export const signalSchema = z.strictObject({
  symbol: z.string().refine(isSymbol).describe('a symbol, [A-Z0-9][A-Z0-9.:-]{0,31}'),
  side: signalSideField,
  confidence: z.number().min(0).max(1).describe('a number from 0 to 1'),
  timestamp: isoTime().optional(),
  agent_id: agentIdField.optional(),
});

/** Decisions of agents, to whoever listens now: nobody keeps them, and pub/sub delivers at most once. */
export class TradeSignals {
  constructor(
    private readonly bus: Pick<Bus, 'publish'>,
    private readonly clock: Clock,
  ) {}

  /** Resolves with the message as it was published. FIELD_INVALID, BUS_AWAY. */
  async publish(body: unknown): Promise<TradeSignal> {
    const { symbol, side, confidence, timestamp, agent_id } = parseFields(signalSchema, body);
    const nowUs = this.clock.nowUs();
    const timeUs = timestamp ?? nowUs;
    if (timeUs < 0 || timeUs > nowUs + aheadMaxUs) {
      throw new HindcastError('FIELD_INVALID', `timestamp=${JSON.stringify(isoFromUs(timeUs))}: a time from 1970 to a minute from now`);
    }
    const signal: TradeSignal = {
      symbol,
      side,
      confidence,
      timestamp: isoFromUs(timeUs),
      ...(agent_id === undefined ? {} : { agent_id }),
    };
    await this.bus.publish([{ channel: channels.tradeSignals, payload: JSON.stringify(signal) }]);
    return signal;
  }
}
