import { dayUs, secondUs } from '@hindcast/contracts';
import { SnapshotWindow } from './snapshot-window.js';

const dayStart = 1_381_104_000 * secondUs;
const at = (seconds: number): number => dayStart + seconds * secondUs;

function traded(): SnapshotWindow {
  const window = new SnapshotWindow();
  window.trade({ timeUs: at(10), price: 100, size: 5, late: false });
  return window;
}

describe('the snapshot of a market', () => {
  it('has no price before the first trade', () => {
    const window = new SnapshotWindow();
    window.quote({ timeUs: at(1), exchange: 'P', bid: 99, ask: 101 });
    expect(window.snapshot()).toBeUndefined();
  });

  it('shows the newest price, whatever the order of arrival, and never a late one', () => {
    const window = traded();
    window.trade({ timeUs: at(9.9), price: 90, size: 1, late: false });
    window.trade({ timeUs: at(20), price: 80, size: 1, late: true });
    expect(window.snapshot()).toEqual({ price: 100, volume: 7, timestamp: at(10) / secondUs });
  });

  it('counts the volume since midnight UTC, late trades of the day included', () => {
    const window = traded();
    window.trade({ timeUs: at(1) + dayUs, price: 101, size: 3, late: false });
    window.trade({ timeUs: at(12), price: 99, size: 50, late: true });
    window.trade({ timeUs: at(0) + dayUs, price: 99, size: 4, late: true });
    expect(window.snapshot()?.volume).toBe(7);
  });

  it('shows the best bid and ask over the exchanges that quoted in the last minute', () => {
    const window = traded();
    window.quote({ timeUs: at(20), exchange: 'P', bid: 99.9, ask: 100.3 });
    window.quote({ timeUs: at(21), exchange: 'Q', bid: 99.8, ask: 100.2 });
    expect(window.snapshot()).toMatchObject({ bid: 99.9, ask: 100.2, timestamp: at(21) / secondUs });
    window.quote({ timeUs: at(80.5), exchange: 'Q', bid: 99.7, ask: NaN });
    expect(window.snapshot()).toMatchObject({ bid: 99.7, ask: 100.2 });
    window.trade({ timeUs: at(82), price: 100, size: 1, late: false });
    expect(window.snapshot()).not.toHaveProperty('ask');
  });

  it('is the same after it was saved as JSON and restored', () => {
    const window = traded();
    window.quote({ timeUs: at(20), exchange: 'P', bid: 99.9, ask: NaN });
    const restored = SnapshotWindow.restore(JSON.parse(JSON.stringify(window.save())) as ReturnType<SnapshotWindow['save']>);
    for (const one of [window, restored]) one.quote({ timeUs: at(30), exchange: 'P', bid: NaN, ask: 100.1 });
    expect(restored.snapshot()).toEqual(window.snapshot());
    expect(restored.save()).toEqual(window.save());
  });
});
