/** What trading agents leave with Hindcast: their state for an hour, and their decisions for whoever listens. */

export type SignalSide = 'BUY' | 'SELL';

/** `agent:state:{agent_id}`: the fields of 001 first; an agent may add its own. */
export interface AgentState {
  readonly context?: string;
  /** Null or absent before the first one. */
  readonly last_signal?: SignalSide | null;
  /** ISO 8601. */
  readonly last_update: string;
  readonly [field: string]: unknown;
}

/** `GET /v1/agents/{id}/state` */
export interface AgentStateDto {
  readonly agent_id: string;
  /** How long it is still kept; null where somebody stored it in Redis for ever. */
  readonly ttl_seconds: number | null;
  readonly state: AgentState;
}

/** `POST /v1/signals`, and what is then published on `trade_signals`, its `timestamp` filled in. */
export interface TradeSignal {
  readonly symbol: string;
  readonly side: SignalSide;
  /** 0 to 1. */
  readonly confidence: number;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly agent_id?: string;
}
