import { isoFromUs, type FeedFacts } from '@hindcast/contracts';
import type { FeedConfig, FeedStatus } from '@hindcast/feeds/unattended';

interface Described {
  readonly config: FeedConfig;
  readonly origin: FeedFacts['origin'];
}

/** A feed as `/v1/feeds` shows it. */
export function feedFacts(status: FeedStatus, { config, origin }: Described): FeedFacts {
  const { lastMessageUs, rows, gaps, symbols } = status;
  return {
    name: config.name,
    kind: status.kind,
    origin,
    simulated: status.kind === 'simulator',
    state: status.state,
    detail: status.detail,
    last_message: lastMessageUs === null ? null : isoFromUs(lastMessageUs),
    lag_ms: status.lagMs,
    clock_skew_ms: status.clockSkewMs,
    reconnects: status.reconnects,
    restarts: status.restarts,
    gaps: { ...gaps },
    rows: { ...rows },
    symbols: symbols.map(({ symbol, active, failovers }) => ({ symbol, active, failovers })),
  };
}
