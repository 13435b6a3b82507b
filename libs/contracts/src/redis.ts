/** Keys and channels on the bus. 001 is their source: names are the contract, fields may follow, none is renamed. */
export const redisKeys = {
  physicsState: (symbol: string): string => `physics:state:${symbol}`,
  marketSnapshot: (symbol: string): string => `market:snapshot:${symbol}`,
  agentState: (agentId: string): string => `agent:state:${agentId}`,
} as const;

export const marketSnapshotTtlSeconds = 60;
export const agentStateTtlSeconds = 3_600;

export const channels = {
  /** PHYSICS_UPDATE messages, JSON. */
  stateUpdate: 'state_update',
  /** BUY and SELL decisions of agents, JSON. */
  tradeSignals: 'trade_signals',
  /** How far the tick store can be read, JSON. */
  tickStored: 'tick_stored',
  /** Flushed batches, one Arrow IPC stream a message and kind. */
  marketTicks: 'market.ticks',
} as const;
