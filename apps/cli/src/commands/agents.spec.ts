import { agentText, signalRequest, signalText, stateOf } from './agents.js';

describe('a signal of the command line', () => {
  it('becomes a request', () => {
    expect(signalRequest({ symbol: 'spy', side: 'buy', confidence: '0.85' })).toEqual({ symbol: 'SPY', side: 'BUY', confidence: 0.85 });
    expect(signalRequest({ symbol: 'SPY', side: 'SELL', confidence: '1', at: '2025-12-21', agent: 'a' })).toEqual({
      symbol: 'SPY',
      side: 'SELL',
      confidence: 1,
      timestamp: '2025-12-21',
      agent_id: 'a',
    });
  });

  it.each(['high', '', 'Infinity'])('is refused with the confidence "%s"', (confidence) => {
    expect(() => signalRequest({ symbol: 'SPY', side: 'buy', confidence })).toThrow(`--confidence ${confidence}: allowed`);
  });

  it('is shown as it was published', () => {
    const signal = { symbol: 'SPY', side: 'BUY', confidence: 0.85, timestamp: '2025-12-21T12:00:00Z' } as const;
    expect(signalText(signal)).toBe('published: BUY SPY, confidence 0.85, 2025-12-21T12:00:00Z');
    expect(signalText({ ...signal, agent_id: 'a' })).toContain(', by a');
  });
});

describe("an agent's state of the command line", () => {
  it('is JSON, from the line itself or from one file', async () => {
    expect(await stateOf({ state: '{"context":"x"}' })).toEqual({ context: 'x' });
    await expect(stateOf({})).rejects.toMatchObject({ code: 'FIELD_INVALID' });
    await expect(stateOf({ state: '{}', file: 'state.json' })).rejects.toMatchObject({ code: 'FIELD_INVALID' });
    await expect(stateOf({ state: '{' })).rejects.toThrow('The state is not JSON');
  });

  it('is shown with the time that is left', () => {
    expect(agentText({ agent_id: 'a', ttl_seconds: 12, state: { last_update: '2025-12-21T12:00:00Z' } })).toBe(
      'a, kept for 12 s\n{\n  "last_update": "2025-12-21T12:00:00Z"\n}',
    );
    expect(agentText({ agent_id: 'a', ttl_seconds: null, state: { last_update: '' } })).toContain('a, kept for ever');
  });
});
