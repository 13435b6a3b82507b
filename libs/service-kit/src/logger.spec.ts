import { HindcastError } from '@hindcast/contracts';
import { createLogger, NestLogger } from './logger.js';

function written(write: (log: ReturnType<typeof createLogger>) => void, level = 'info'): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLogger({ service: 'probe', level, destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('is a line of JSON an event, with its fields', () => {
    expect(written((log) => log.info({ rows: 3 }, 'batch stored'))).toEqual([
      { level: 'info', service: 'probe', time: expect.stringMatching(/^\d{4}-.*Z$/) as string, rows: 3, msg: 'batch stored' },
    ]);
  });

  it('hides secrets, also one and two levels down', () => {
    const [line] = written((log) =>
      log.info({ token: 'x1', redis: { password: 'x2' }, request: { headers: { authorization: 'x3' } } }, 'hello'),
    );
    expect(JSON.stringify(line)).not.toMatch(/x[123]/);
  });

  it('shows the code of a failure of the world, the stack of a bug, and the causes of both', () => {
    const away = new HindcastError('STORE_AWAY', 'no answer', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
    const [world, bug] = written((log) => {
      log.error({ err: away }, 'a');
      log.error({ err: new TypeError('wrong') }, 'b');
    });
    expect(world?.['err']).toMatchObject({ code: 'STORE_AWAY', message: 'no answer', cause: { code: 'ECONNREFUSED', message: 'refused' } });
    expect(bug?.['err']).toMatchObject({ type: 'TypeError', message: 'wrong', stack: expect.stringContaining('logger.spec') as string });
  });

  it('keeps what Nest says of its modules for debugging, and its warnings', () => {
    const speak = (log: ReturnType<typeof createLogger>): void => {
      const nest = new NestLogger(log);
      nest.log('module loaded', 'Loader');
      nest.warn('deprecated', 'Router');
    };
    expect(written(speak)).toMatchObject([{ level: 'warn', msg: 'deprecated', nest: 'Router' }]);
    expect(written(speak, 'debug')).toHaveLength(2);
  });
});
