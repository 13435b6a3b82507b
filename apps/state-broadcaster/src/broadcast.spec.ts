import { parseBroadcast, withMissed } from './broadcast.js';

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

function text(payload: Uint8Array | undefined): string {
  return Buffer.from(payload ?? []).toString();
}

describe('a message of the bus', () => {
  it('is passed on as it came, whatever its layout', () => {
    const message =
      '{ "event": "PHYSICS_UPDATE",\n "symbol": "SPY", "timestamp": "2025-12-21T12:00:00Z", "data": {"alpha": 2.8, "regime": "Lévy Stable"} }\n';
    const broadcast = parseBroadcast('state_update', bytes(message));
    expect(broadcast).toMatchObject({ event: 'PHYSICS_UPDATE', symbol: 'SPY', key: ' SPY', timeUs: 1_766_318_400_000_000 });
    expect(text(broadcast?.payload)).toBe(message);
  });

  it('is told apart by market where it names one', () => {
    const message = '{"event":"PHYSICS_UPDATE","symbol":"SPY","timestamp":"2025-12-21T12:00:00Z","data":{"market":"usa/equity"}}';
    expect(parseBroadcast('state_update', bytes(message))?.key).toBe('usa/equity SPY');
  });

  it('gets the name of its event where 001 gives it none', () => {
    const signal = '{"symbol":"SPY","side":"BUY","confidence":0.85,"timestamp":"2025-12-21T12:00:00Z"}';
    const broadcast = parseBroadcast('trade_signals', bytes(signal));
    expect(JSON.parse(text(broadcast?.payload))).toEqual({ event: 'TRADE_SIGNAL', ...(JSON.parse(signal) as object) });
    const named = '{"event":"TRADE_SIGNAL","symbol":"SPY"}';
    expect(text(parseBroadcast('trade_signals', bytes(named))?.payload)).toBe(named);
  });

  it('says how many were left out only where some were', () => {
    const payload = bytes('{"event":"X","data":{}} \n');
    expect(withMissed(payload, 0)).toBe(payload);
    expect(JSON.parse(text(withMissed(payload, 7)))).toEqual({ event: 'X', data: {}, missed: 7 });
  });

  it.each([
    ['not JSON', 'state_update', 'hello'],
    ['not UTF-8', 'state_update', Buffer.from([0x7b, 0xff, 0x7d])],
    ['another event', 'state_update', '{"event":"OTHER","symbol":"SPY","timestamp":"2025-12-21T12:00:00Z","data":{}}'],
    ['no data', 'state_update', '{"event":"PHYSICS_UPDATE","symbol":"SPY","timestamp":"2025-12-21T12:00:00Z"}'],
    ['a time that is none', 'state_update', '{"event":"PHYSICS_UPDATE","symbol":"SPY","timestamp":"noon","data":{}}'],
    ['no table', 'tick_stored', '{"event":"TICK_STORED"}'],
    ['more than 64 KiB', 'trade_signals', `{"symbol":"SPY","why":"${'x'.repeat(65_536)}"}`],
    ['a list', 'trade_signals', '[]'],
    ['no symbol', 'trade_signals', '{}'],
    ['an unknown channel', 'elsewhere', '{"event":"PHYSICS_UPDATE"}'],
  ])('is refused where it has %s', (_, channel, message) => {
    expect(parseBroadcast(channel, Buffer.from(message as string))).toBeUndefined();
  });
});
