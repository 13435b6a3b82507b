import type { Asked } from './command-line.js';
import { hindcastProgram } from './program.js';

async function ask(line: string): Promise<Asked[]> {
  const asked: Asked[] = [];
  const program = hindcastProgram((command) => asked.push(command));
  program.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  for (const command of program.commands) {
    for (const one of [command, ...command.commands]) one.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  }
  await program.parseAsync(['node', 'hindcast', ...line.split(' ')]);
  return asked;
}

describe('the command line', () => {
  it.each([
    'replay --format lean --data D --symbols SPY --from 2013-10-07 --to 2013-10-09 --kinds trades,quotes --speed max',
    'status',
    'ledger',
    'ledger list',
    'ledger verify',
    'ledger retry',
    'followers',
    'followers list',
    'feeds',
    'feeds list',
    'memory',
    'memory list',
    'followers forget my-backup',
    'migrate up',
    'migrate status',
    'migrate plan',
    'playback --symbols SPY --from 2013-10-07 --to 2013-10-07 --speed max --step --market usa/equity --mode live --name day',
    'watch --symbols SPY',
    'doctor',
    'sql SELECT --limit 5 --format csv',
    'watch --url https://hindcast.example.com:7703',
    'keys new --name feed --rights read,write --expires 2027-01-01',
    'keys list',
    'keys revoke --name feed',
    'physics rebuild --mode live --from 2013-10-07 --to 2013-10-09',
    'similar --symbol SPY --at 2013-10-09T15:30:00Z',
    'signal --symbol SPY --side buy --confidence 0.85 --agent a',
    'agent get --id a',
    'agent put --id a --state {}',
  ])('takes %s, with and without --json', async (line) => {
    expect((await ask(line)).map(({ json }) => json)).toEqual([false]);
    expect((await ask(`${line} --json`)).map(({ json }) => json)).toEqual([true]);
  });

  it.each([
    'bogus',
    'replay --data D',
    'status --verbose',
    'physics rebuild --mode live',
    'keys new --name feed',
    'signal --symbol SPY',
    'agent get',
    'followers forget',
    'followers forget one two',
    'feeds list simulator',
    'feeds bogus',
  ])('refuses %s', async (line) => {
    await expect(ask(line)).rejects.toMatchObject({ exitCode: 1 });
  });

  it('says its version', async () => {
    await expect(ask('--version')).rejects.toMatchObject({ exitCode: 0, message: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
});
