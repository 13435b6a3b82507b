import { variablesOf } from './config-variables.mjs';
import { endpointsOf } from './http-endpoints.mjs';
import { withRights } from './call-rights.mjs';
import { parseProto } from './proto-services.mjs';
import { referencePage } from './reference-page.mjs';
import { pythonBlock } from './run-readme-python.mjs';

const controller = `
import { Controller, Get, HttpCode, Post } from '@nestjs/common';
@Controller('v1')
export class BarsController {
  constructor(private readonly store: TickStore) {}

  /** Bars of one symbol,
   *  newest last. */
  @Get('bars/:symbol')
  bars() {}

  /** Takes ticks. */
  @Post('trades')
  @HttpCode(200)
  trades() {}

  private inner() {}
}
export class Other { @Get() lost() {} }
`;

const proto = `
package hindcast.v1;
// Ticks in.
service TickIngest {
  // A stream of batches in,
  // an answer for each.
  rpc Push(stream PushRequest) returns (stream PushAck);
}
message Empty {}
// One batch.
message PushRequest {
  // Echoed.
  uint64 tag = 1;
  optional uint64 offset = 2;
}
`;

it('reads endpoints off a controller, with their comments', () => {
  expect(endpointsOf(controller, 'bars.controller.ts')).toEqual([
    {
      ...{ method: 'GET', path: '/v1/bars/{symbol}', summary: 'Bars of one symbol, newest last.', success: 200, right: 'read' },
      handler: 'BarsController.bars',
    },
    { method: 'POST', path: '/v1/trades', summary: 'Takes ticks.', success: 200, right: 'write', handler: 'BarsController.trades' },
  ]);
});

it('reads services and messages off a .proto file', () => {
  expect(parseProto(proto)).toEqual({
    package: 'hindcast.v1',
    services: [
      {
        name: 'TickIngest',
        comment: 'Ticks in.',
        rpcs: [
          { name: 'Push', request: 'stream PushRequest', answer: 'stream PushAck', comment: 'A stream of batches in, an answer for each.' },
        ],
      },
    ],
    messages: [
      { name: 'Empty', comment: '', fields: [] },
      {
        name: 'PushRequest',
        comment: 'One batch.',
        fields: [
          { name: 'tag', type: 'uint64', comment: 'Echoed.' },
          { name: 'offset', type: 'optional uint64', comment: '' },
        ],
      },
    ],
  });
});

it('writes every code and endpoint onto the page, bars in cells escaped', () => {
  const page = referencePage({
    httpDoors: [{ title: 'market-data', endpoints: endpointsOf(controller, 'bars.controller.ts') }],
    protos: withRights([{ file: 'x.proto', ...parseProto(proto) }], []),
    errorCodes: { LOG_FULL: { status: 429, grpc: 8, retry: true, help: 'Full | later.' } },
    rejectionCodes: { PRICE_INVALID: 'price must be above 0.' },
  });
  expect(page).toContain('| `LOG_FULL` | 429 | 8 | yes | Full \\| later. |');
  expect(page).toContain('| `GET /v1/bars/{symbol}` | read | Bars of one symbol, newest last. |');
  expect(page).toContain('| `Push` | write | `stream PushRequest` | `stream PushAck` | A stream of batches in, an answer for each. |');
  expect(page).toContain('| `PRICE_INVALID` | price must be above 0. |');
});

it('reads variables off a configuration, with defaults and what is allowed', () => {
  const config = `
const levels = ['info', 'warn'] as const;
const shape = {
  /** Rows at most. */
  logRowsMax: wholeNumber({ min: 1_000, max: 64_000_000 }).default(4_194_304),
  /** How much is said. */
  logLevel: oneOf(levels).default('info'),
  /** Where QuestDB answers. */
  questdbUrl: url(['http']).optional(),
  home: z.string().min(1).default('.hindcast').describe('a folder'),
} satisfies z.ZodRawShape;
const other = { lost: 1 };
`;
  expect(variablesOf(config, 'config.ts')).toEqual([
    { variable: 'HINDCAST_LOG_ROWS_MAX', allowed: 'whole number from 1,000 to 64,000,000', default: '4194304', summary: 'Rows at most.' },
    { variable: 'HINDCAST_LOG_LEVEL', allowed: 'one of info, warn', default: 'info', summary: 'How much is said.' },
    { variable: 'HINDCAST_QUESTDB_URL', allowed: 'http URL', default: '', summary: 'Where QuestDB answers.' },
    { variable: 'HINDCAST_HOME', allowed: 'a folder', default: '.hindcast', summary: '' },
  ]);
});

it('looks for what is allowed where an own kind of field says it, and for imported bounds where they are given', () => {
  const config = `
function gridStep() {
  const allowed = 'milliseconds that divide an hour';
  return wholeNumber({ min: 1_000, max: hourMs }).describe(allowed);
}
const shape = {
  intervalMs: gridStep().default(1_000),
  markets: gridStep().default({}),
  portOffset: wholeNumber({ min: 0, max: portOffsetMax }).default(0),
};
`;
  expect(variablesOf(config, 'config.ts', { portOffsetMax: 57_803 })).toEqual([
    { variable: 'HINDCAST_INTERVAL_MS', allowed: 'milliseconds that divide an hour', default: '1000', summary: '' },
    { variable: 'HINDCAST_MARKETS', allowed: 'milliseconds that divide an hour', default: '', summary: '' },
    { variable: 'HINDCAST_PORT_OFFSET', allowed: 'whole number from 0 to 57,803', default: '0', summary: '' },
  ]);
});

it('takes the first block of Python out of a page, and misses it loudly', () => {
  expect(pythonBlock('# x\n\n```sh\nls\n```\n```python\nprint(1)\nprint(2)\n```\n')).toBe('print(1)\nprint(2)\n');
  expect(() => pythonBlock('# x\n')).toThrow('no block of Python');
});
