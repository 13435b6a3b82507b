import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import type { TradeSignal } from '@hindcast/contracts';
import { Documented } from '@hindcast/service-kit';
import { signalSchema, TradeSignals } from './trade-signals.js';

@Controller('v1/signals')
export class SignalsController {
  constructor(private readonly signals: TradeSignals) {}

  /**
   * Publishes a decision to whoever listens to `trade_signals` now; it is not kept. Body: `symbol`, `side` BUY or SELL,
   * `confidence` 0 to 1, `timestamp` (ISO 8601, at most a minute ahead, else now), `agent_id`. Answers 202 with the message as
   * it was published.
   */
  @Post()
  @HttpCode(202)
  @Documented({ body: signalSchema, errors: ['BUS_AWAY', 'BUS_DENIED'] })
  publish(@Body() body: unknown): Promise<TradeSignal> {
    return this.signals.publish(body);
  }
}
