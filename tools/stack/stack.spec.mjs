import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBoundedLog } from './bounded-log.mjs';
import { readableLine } from './log-line.mjs';
import { claimRun, readRunFile, runningMembers, supervisorName, writeRunFile } from './run-files.mjs';
import { statusExitCode, statusTable } from './status.mjs';

describe('run files', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'hindcast-run-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('find a process again, and only that process', () => {
    writeRunFile(folder, { name: 'redis', pid: process.pid });
    expect(readRunFile(folder, 'redis')).toMatchObject({ name: 'redis', pid: process.pid });
    const file = join(folder, 'redis.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), began: '1' }));
    expect(readRunFile(folder, 'redis')).toBeUndefined();
  });

  it('survive what a power failure leaves', () => {
    writeFileSync(join(folder, 'redis.json'), '{"name":"re');
    expect(runningMembers(folder)).toEqual([]);
    expect(runningMembers(join(folder, 'never-made'))).toEqual([]);
  });

  it('let one stack at a time claim a folder, and take it over from one that died', () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${supervisorName}.json`), JSON.stringify({ name: supervisorName, pid: process.pid, began: '1' }));
    expect(claimRun(folder, { pid: process.pid })).toBe(true);
    expect(claimRun(folder, { pid: process.pid })).toBe(false);
    expect(readRunFile(folder, supervisorName)).toMatchObject({ state: 'starting' });
  });
});

describe('the status of a stack', () => {
  const ready = {
    name: 'redis',
    url: 'redis://127.0.0.1:7720',
    port: 7720,
    grpc_port: null,
    pid: 5,
    version: '7.0.15',
    health: 'ready',
    detail: null,
  };
  const ill = {
    ...ready,
    name: 'tick-ingest',
    url: 'http://127.0.0.1:7701',
    grpc_port: 7711,
    health: 'not_ready',
    detail: 'questdb: away',
  };
  const gone = { ...ready, pid: null, version: null, health: 'stopped' };
  const status = (stack, members) => ({ home: '/data', port_offset: 0, stack, pid: 4, members });

  it('is 0 where all is ready, 1 where something is not, 3 where nothing runs', () => {
    expect(statusExitCode(status('running', [ready, ready]))).toBe(0);
    expect(statusExitCode(status('running', [ready, ill]))).toBe(1);
    expect(statusExitCode(status('stopped', [ready, gone]))).toBe(1);
    expect(statusExitCode(status('stopped', [gone, gone]))).toBe(3);
  });

  it('is a table for people, with remarks below', () => {
    expect(statusTable(status('running', [ready, ill])).split('\n')).toEqual([
      '  what         health     where                             pid  version',
      '  redis        ready      redis://127.0.0.1:7720            5    7.0.15',
      '  tick-ingest  not ready  http://127.0.0.1:7701, gRPC 7711  5    7.0.15',
      '',
      '  tick-ingest: questdb: away',
    ]);
  });
});

describe('a bounded log', () => {
  it('never holds more than two files of its bound, and loses the oldest lines only', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hindcast-log-'));
    const file = join(folder, 'deep/service.log');
    const log = openBoundedLog(file, { bytesMax: 100 });
    for (let line = 0; line < 100; line += 1) log.write(`line ${line}`.padEnd(19));
    log.close();
    log.write('after its end');
    expect(statSync(file).size + statSync(`${file}.1`).size).toBeLessThanOrEqual(200);
    expect(readFileSync(`${file}.1`, 'utf8') + readFileSync(file, 'utf8')).toMatch(/line 9\d +\n(?:line .*\n)*line 99 +\n$/);
    rmSync(folder, { recursive: true, force: true });
  });

  const itWithFullDevice = existsSync('/dev/full') ? it : it.skip;
  itWithFullDevice('does not end whoever writes when the disk is full', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hindcast-log-'));
    const file = join(folder, 'service.log');
    symlinkSync('/dev/full', file);
    const log = openBoundedLog(file);
    log.write('a line that no disk takes');
    log.close();
    rmSync(folder, { recursive: true, force: true });
    expect(existsSync('/dev/full')).toBe(true);
  });
});

describe('a line of a log, for people', () => {
  it.each([
    ['{"level":30,"time":1,"pid":7,"rows":5,"table":"trades","msg":"batch stored"}', 'info batch stored rows=5 table=trades'],
    ['{"level":"error","service":"x","err":{"message":"no disk"},"msg":"flush failed"}', 'error flush failed error="no disk"'],
    ['QuestDB is shutting down...', 'QuestDB is shutting down...'],
    ['{"not":"a log line"}', '{"not":"a log line"}'],
    ['{broken', '{broken'],
  ])('%s', (line, expected) => {
    expect(readableLine(line)).toBe(expected);
  });
});
