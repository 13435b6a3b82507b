import { readFileSync } from 'node:fs';

/**
 * The right behind every door, as docs/API.md has it; lint holds the page against the code. A new route or call is behind a
 * key whether it stands here or not, but which one it is behind is decided here, by a person.
 */
const page = readFileSync(new URL('../../docs/API.md', import.meta.url), 'utf8');

const expected = {
  none: ['GET /docs', 'GET /docs/openapi.json', 'GET /health/live', 'GET /health/ready', 'Check', 'Watch'],
  read: [
    ...['GET /metrics', 'GET /v1/monitoring', 'GET /v1/monitoring/suite'],
    ...['GET /v1/trades', 'GET /v1/quotes', 'GET /v1/states', 'GET /v1/bars', 'GET /v1/symbols'],
    ...['GET /v1/memory', 'GET /v1/memory/jobs/{id}', 'ListMemories', 'GetMemoryJob', 'GET /v1/skill', 'GetSkill'],
    ...['GET /v1/progress', 'GET /v1/rebuilds/{id}', 'POST /v1/similar', 'POST /v1/sql', 'GET /v1/states', 'GET /v1/states/{symbol}'],
    // Of the process that has both services of this path.
    'GET /v1/states',
    ...['GET /v1/agents/{id}/state', 'GET /v1/stream', 'GET /v1/ledger', 'POST /v1/ledger/verify', 'GET /v1/followers'],
    ...['Trades', 'Quotes', 'Bars', 'States', 'Symbols', 'NewestStates', 'FindState', 'FindSimilar', 'GetProgress'],
    ...['GET /v1/replays', 'GET /v1/replays/{id}', 'GET /v1/replays/{id}/states', 'ListReplays', 'GetReplay', 'GetReplayStates'],
    ...['Subscribe', 'GetAgentState', 'Follow', 'Beginning'],
    ...['GET /v1/feeds', 'GET /v1/feeds/{name}', 'ListFeeds', 'GetFeed'],
  ],
  write: [
    ...['PUT /v1/agents/{id}/state', 'DELETE /v1/agents/{id}/state', 'POST /v1/signals', 'POST /v1/trades', 'POST /v1/quotes'],
    ...['POST /v1/replays', 'POST /v1/replays/{id}/pause', 'POST /v1/replays/{id}/resume', 'POST /v1/replays/{id}/step'],
    ...['POST /v1/replays/{id}/seek', 'POST /v1/replays/{id}/speed', 'DELETE /v1/replays/{id}'],
    ...['StartReplay', 'PauseReplay', 'ResumeReplay', 'StepReplay', 'SeekReplay', 'SetReplaySpeed', 'RemoveReplay'],
    ...['PutAgentState', 'RemoveAgentState', 'PublishSignal', 'Push'],
  ],
  'read+write': ['ReportCheckpoint'],
  admin: [
    ...['POST /v1/memory/fits', 'POST /v1/memory/builds', 'DELETE /v1/memory/jobs/{id}', 'PUT /v1/memory/in-use', 'DELETE /v1/memory/{id}'],
    ...['FitMemory', 'BuildMemory', 'CancelMemoryJob', 'UseMemory', 'DropMemory'],
    ...['POST /v1/rebuilds', 'DELETE /v1/rebuilds/{id}', 'POST /v1/ledger/retry', 'POST /v1/ledger/resend'],
    'DELETE /v1/followers/{name}',
    ...['POST /v1/feeds', 'POST /v1/feeds/{name}/start', 'POST /v1/feeds/{name}/stop', 'DELETE /v1/feeds/{name}'],
    ...['AddFeed', 'StartFeed', 'StopFeed', 'RemoveFeed'],
  ],
};

it.each(Object.entries(expected))('the right %s is behind just these doors', (right, doors) => {
  const shown = [...page.matchAll(/^\| `([^`]+)` \| (none|read|write|read\+write|admin) \|/gm)]
    .filter((row) => row[2] === right)
    .map((row) => row[1]);
  expect(shown.sort()).toEqual([...doors].sort());
});
