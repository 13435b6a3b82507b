import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wordAt } from '@hindcast/market';
import { virtualEnvironment } from '../../../../tools/docs/virtual-environment.mjs';
import { startIngest, type IngestUnderTest } from '../ingest-service.fixture.js';

/** docs/clients/python as its README says it: stubs made from the .proto file, and the example as it stands. */
const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../../../', import.meta.url));
const proto = join(repository, 'libs/contracts/proto/tick_ingest.proto');
const python = await virtualEnvironment({
  name: 'client-python',
  requirements: ['grpcio>=1.62', 'grpcio-tools>=1.62', 'pyarrow>=16'],
});
const missing = 'skipped' in python ? python.skipped : undefined;

(missing === undefined ? describe : describe.skip)(`the Python client${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const executable = 'executable' in python ? python.executable : '';
  let folder: string;
  let service: IngestUnderTest;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'python-client-'));
    cpSync(join(repository, 'docs/clients/python'), folder, { recursive: true });
    service = await startIngest();
    await run(executable, ['generate.py', proto], { cwd: folder });
  }, 120_000);
  afterAll(async () => {
    await service.stop();
    rmSync(folder, { recursive: true });
  });

  const python3 = async (...args: readonly string[]): Promise<string[]> => {
    const { stdout } = await run(executable, args, { cwd: folder, timeout: 60_000, env: { PATH: process.env['PATH'] } });
    return stdout.trimEnd().split('\n');
  };

  it('pushes tables, is told of duplicates, bad rows and refusals, and follows', async () => {
    const [first, second, refusal, followed] = await python3('example.py', service.grpcUrl);
    const rejected = "rejected 1 [(2, 'SIZE_INVALID', 'size', 'size must be a finite number above 0.')]";
    expect([first, second]).toEqual([`accepted 2, duplicate 0, ${rejected}`, `accepted 0, duplicate 2, ${rejected}`]);
    expect(refusal).toBe('FIELD_INVALID: trades: column price is missing.');
    expect(followed).toMatch(
      /^\{'timestamp': datetime.datetime\(2013, 10, 7, 13, 30, 1.*'symbol': 'SPY', 'trade_id': 'py-2', 'price': 168.5, 'size': 200.0\}$/,
    );
    const { trades } = service.ticks.log.read(1)!;
    expect([trades.length, wordAt(trades.source, 0), trades.price[1]]).toEqual([2, 'example', 168.5]);
  }, 120_000);

  it('raises what the service refuses with its code', async () => {
    const program = [
      'import sys',
      'from hindcast import Client, Refused',
      'try:',
      '    next(Client(sys.argv[1]).follow(1000))',
      'except Refused as refused:',
      '    print(refused.code, refused.retry)',
    ];
    expect(await python3('-c', program.join('\n'), service.grpcUrl)).toEqual(['FIELD_INVALID False']);
  }, 120_000);
});
