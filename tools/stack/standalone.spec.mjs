import { feedNews, feedText, pulseLine } from './pulse.mjs';
import { openRunDisplay } from './run-display.mjs';
import { forLittleMemory, withCause } from './small-machine.mjs';
import { readStandaloneSettings, reasonIn } from './standalone-run.mjs';

describe('the terminal of what runs', () => {
  const written = [];
  beforeEach(() => written.splice(0));
  const write = (text) => written.push(text);

  it('draws how things stand over itself, sentences before it, and leaves the cursor on a line of its own', () => {
    const display = openRunDisplay({ silent: false, out: { write, isTTY: true, columns: 24 } });
    display.pulse('1 rows');
    display.pulse('a line that is longer than the terminal is wide');
    display.say('Hindcast ended');
    display.pulse('2 rows');
    display.close();
    const erase = '\r\u001b[K';
    expect(written).toEqual([`${erase}1 rows`, `${erase}a line that is longer t`, `${erase}Hindcast ended\n`, `${erase}2 rows`, '\n']);
  });

  it('writes a line a minute elsewhere, and only where something has changed', () => {
    let nowMs = 0;
    const display = openRunDisplay({ silent: false, out: { write }, nowMs: () => nowMs });
    for (const [atMs, line] of [
      [0, 'a'],
      [2_000, 'b'],
      [61_000, 'a'],
      [62_000, 'b'],
      [130_000, 'c'],
    ]) {
      nowMs = atMs;
      display.pulse(line);
    }
    display.close();
    expect(written).toEqual(['a\n', 'b\n', 'c\n']);
  });

  it('says nothing where nobody looks', () => {
    const display = openRunDisplay({ silent: true, out: { write, isTTY: true } });
    display.say('a');
    display.pulse('b');
    display.close();
    expect(written).toEqual([]);
  });
});

describe('how things stand', () => {
  it('is rows of all tables, and the lag of the slowest follower of ours', () => {
    const ledger = { trades: { inherited: 1, stored: 1_000, pending: 1 }, quotes: { inherited: 0, stored: 234, pending: 0 } };
    const follower = (owner, seconds) => ({ owner, seconds_behind: seconds });
    const sections = {
      ledger: { facts: { totals: ledger } },
      states: { facts: { instruments: 2, states: 120 } },
      followers: { facts: { followers: [follower('hindcast', 0.1), follower('hindcast', 1.26), follower('outside', 900)] } },
      lancedb: { facts: { rows: 7 } },
    };
    expect(pulseLine(sections, [])).toBe('1,236 rows · 2 symbols · lag 1.3 s · 120 states · 7 vectors');
    expect(pulseLine({}, [])).toBe('0 rows · 0 symbols · lag 0.0 s · 0 states · 0 vectors');
  });

  it('says first that something needs a person, and what is made up before what a narrow terminal cuts off', () => {
    const critical = { severity: 'critical' };
    const sections = { log: { problems: [critical] }, drain: { problems: [critical, { severity: 'warning' }] }, feeds: {} };
    const feed = { name: 'auto', kind: 'simulator', simulated: true, state: 'live', detail: '' };
    expect(pulseLine(sections, [feed])).toBe(
      '2 things need you: npx hindcast status · 0 rows · 0 symbols · lag 0.0 s · auto: SIMULATED, live · 0 states · 0 vectors',
    );
  });

  it('says once which source a feed has become, and that one has failed', () => {
    const told = new Map();
    const auto = { name: 'auto', kind: 'crypto', simulated: false, state: 'connecting', detail: '' };
    const made = { ...auto, kind: 'simulator', simulated: true, state: 'live', detail: 'no exchange answered' };
    expect(feedNews([auto], told)).toEqual([]);
    expect(feedNews([made], told)).toEqual([
      'Feed auto (simulator): live, no exchange answered. Nothing of it is real; HINDCAST_FEED chooses another feed.',
    ]);
    expect(feedNews([{ ...made, state: 'waiting' }], told)).toEqual([]);
    expect(feedNews([{ ...auto, state: 'failed', detail: 'FEED_DENIED' }], told)).toEqual(['Feed auto (crypto): failed, FEED_DENIED']);
  });

  it('names a feed with what it says of itself', () => {
    expect(feedText({ name: 'auto', kind: 'simulator', simulated: true, state: 'live', detail: 'no exchange answered' })).toBe(
      'auto (simulator): live, no exchange answered',
    );
  });
});

it('a failed start is told by the last words of the log', () => {
  const line = '{"level":"fatal","err":{"code":"CONFIG_INVALID","message":"HINDCAST_BIND is bad"},"msg":"service did not start"}';
  expect(reasonIn(line)).toBe('CONFIG_INVALID: HINDCAST_BIND is bad');
  expect([undefined, '', 'Error: x', '{"level":"info"}'].map(reasonIn)).toEqual([undefined, undefined, undefined, undefined]);
});

it('the one process needs nothing that the environment says of servers', () => {
  const settings = readStandaloneSettings({
    HINDCAST_PORT_OFFSET: '100',
    HINDCAST_QUESTDB_URL: 'not a URL',
    HINDCAST_API_KEYS: 'keys.json',
    HINDCAST_TLS_CERT_FILE: 'cert.pem',
    HINDCAST_BIND: '0.0.0.0',
  });
  expect(settings).toMatchObject({ url: 'https://127.0.0.1:7800', grpc: '127.0.0.1:7810', ports: [7800, 7810], apiKey: undefined });
  expect(settings.certificate).toMatch(/\/cert\.pem$/);
  expect(readStandaloneSettings({}).certificate).toBeUndefined();
});

describe('where memory is short', () => {
  const nothingSet = { HINDCAST_FEED_HISTORY_HOURS: undefined, NODE_OPTIONS: undefined };

  it('one process is started with less, and it is said', () => {
    expect(forLittleMemory(2e9, nothingSet)).toEqual({ env: {}, told: undefined });
    const { env, told } = forLittleMemory(500e6, nothingSet);
    expect(env).toEqual({
      HINDCAST_FEED_HISTORY_HOURS: '0',
      HINDCAST_DUCKDB_MEMORY_BYTES_MAX: '100000000',
      NODE_OPTIONS: '--max-old-space-size=192',
    });
    expect(told).toMatch(
      /^Only 500 MB of memory are free: Hindcast starts with less, as HINDCAST_FEED_HISTORY_HOURS=0 .*small-machines\)\.$/,
    );
    expect(forLittleMemory(900e6, nothingSet).env.NODE_OPTIONS).toBe('--max-old-space-size=315');
  });

  it('what somebody has set stays', () => {
    const set = { HINDCAST_FEED_HISTORY_HOURS: '1', HINDCAST_DUCKDB_MEMORY_BYTES_MAX: '64000000', NODE_OPTIONS: '--inspect' };
    expect(forLittleMemory(500e6, set).env).toEqual({ NODE_OPTIONS: '--inspect --max-old-space-size=192' });
    const all = forLittleMemory(500e6, { ...set, NODE_OPTIONS: '--max-old-space-size=100' });
    expect(all).toEqual({ env: {}, told: 'Only 500 MB of memory are free; docs/OPERATING.md#small-machines says what takes how much.' });
  });

  it('a process that was killed has a likely reason', () => {
    expect(withCause('ended with SIGKILL; starts again in 1 s', undefined)).toContain('where memory is short');
    expect(withCause('ended with exit code 1; starts again in 1 s', undefined)).toBe('ended with exit code 1; starts again in 1 s');
    expect(withCause('ended with exit code 1; starts again in 1 s', 'STORE_AWAY: no room')).toBe(
      'ended with exit code 1 (STORE_AWAY: no room); starts again in 1 s',
    );
    expect(withCause('started again, pid 7', 'STORE_AWAY: no room')).toBe('started again, pid 7');
  });
});
