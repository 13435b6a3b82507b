import type { ReplayReport } from '@hindcast/contracts';
import { moveOfKey } from './playback-keys.js';

const report: ReplayReport = {
  ...{ id: 'r', state: 'playing', symbols: ['SPY'], market: null, mode: 'live', run: 1, states: 10, trades: 40, remaining_seconds: 1_770 },
  ...{ from: '2013-10-07T14:30:00Z', to: '2013-10-07T15:00:00Z', position: '2013-10-07T14:30:30Z', speed: 10 },
};
const [left, right, up, down] = ['\u001b[D', '\u001b[C', '\u001b[A', '\u001b[B'];

it.each([
  [' ', {}, { move: 'pause' }],
  [' ', { state: 'paused' }, { move: 'resume' }],
  ['n', {}, { move: 'step', body: { states: 1 } }],
  [right, {}, { move: 'seek', body: { to: '2013-10-07T14:31:30Z' } }],
  [left, {}, { move: 'seek', body: { to: report.from } }],
  [right, { position: '2013-10-07T14:59:30Z' }, { move: 'seek', body: { to: report.to } }],
  [up, {}, { move: 'speed', body: { speed: 20 } }],
  [down, {}, { move: 'speed', body: { speed: 5 } }],
  [up, { speed: 'max' }, undefined],
  [down, { speed: 'max' }, { move: 'speed', body: { speed: 1_000_000 } }],
  ['q', {}, 'end'],
  ['x', {}, undefined],
] as const)('%j of %j asks for %j', (key, change, asked) => {
  expect(moveOfKey(key, { ...report, ...change })).toEqual(asked);
});
