import type { FeedFacts, FeedsFacts, MonitoringProblem, ShownFeedState } from '@hindcast/contracts';
import type { Metrics, MonitoringRegistry } from '@hindcast/service-kit';

const states: readonly ShownFeedState[] = ['connecting', 'live', 'reconnecting', 'waiting', 'ended', 'stopped', 'failed'];

/** Section `feeds` of `GET /v1/monitoring`, and the same as metrics. */
export function registerFeedsSection(metrics: Metrics, monitoring: MonitoringRegistry, read: () => FeedsFacts): void {
  monitoring.register({
    name: 'feeds',
    whenAway: 'store-away',
    read: async () => {
      const facts = read();
      return { facts, problems: facts.feeds.flatMap(problemsOf) };
    },
  });
  const gauge = (name: string, help: string, label: string, values: (feed: FeedFacts) => Readonly<Record<string, number>>): void => {
    metrics.gauge({
      name: `hindcast_feed_${name}`,
      help,
      labels: ['feed', label],
      collect: async (shown) => {
        // A feed that was removed has no state: with its last one, an alarm would never end.
        shown.reset();
        await monitoring.withFacts<FeedsFacts>('feeds', ({ feeds }) => {
          for (const feed of feeds)
            for (const [word, value] of Object.entries(values(feed))) shown.set({ feed: feed.name, [label]: word }, value);
        });
      },
    });
  };
  gauge('state', '1 for the state that a feed is in.', 'state', ({ state }) =>
    Object.fromEntries(states.map((each) => [each, Number(each === state)])),
  );
  gauge('rows', 'Rows of a feed since the process began, by what became of them.', 'result', ({ rows }) => rows);
  gauge('gaps', 'Holes in the ids of a feed, by what became of them; lost ones are trades that are missing.', 'result', ({ gaps }) => gaps);
  gauge('connections_lost', 'Times that a feed connected again, and that it was opened again as a whole.', 'what', (feed) => ({
    reconnect: feed.reconnects,
    restart: feed.restarts,
  }));
  metrics.gauge({
    name: 'hindcast_feed_lag_seconds',
    help: 'How long ago the newest tick of a feed had happened when it came, by the clock of its source.',
    labels: ['feed'],
    collect: async (shown) => {
      shown.reset();
      await monitoring.withFacts<FeedsFacts>('feeds', ({ feeds }) => {
        for (const { name, lag_ms: lagMs } of feeds) if (lagMs !== null) shown.set({ feed: name }, lagMs / 1_000);
      });
    },
  });
}

function problemsOf({ name, state, detail }: FeedFacts): readonly MonitoringProblem[] {
  if (state === 'failed') return [{ runbook: 'feed-failed', severity: 'critical', message: `feed ${name} has failed: ${detail}` }];
  if (state === 'reconnecting')
    return [{ runbook: 'feed-away', severity: 'warning', message: `feed ${name} connects again${detail === '' ? '' : `: ${detail}`}` }];
  return [];
}
