import type { PhysicsState } from '@hindcast/physics';
import { isEmbeddingDue } from './embedding-due.js';
import { embeddingMetadata, sentimentOfVolume } from './embedding-metadata.js';

const minuteUs = 60_000_000;
const state: PhysicsState = {
  market: 'usa/equity',
  symbol: 'SPY',
  timeUs: 23_019_210 * minuteUs,
  mass: 0.42,
  velocity: 2.5,
  momentum: 1.05,
  friction: 0.15,
  entropy: 0.08,
  nashDistance: 0.05,
  alphaCoefficient: 2.8,
  regime: 'Gaussian',
  price: 168.25,
  volume: 1_000,
  signedVolume: 500,
  trades: 67,
};

describe('metadata of an embedding', () => {
  it('has the names of 001, in its order, and ours after them', () => {
    expect(JSON.stringify(embeddingMetadata(state))).toBe(
      '{"physics":{"mass":0.42,"momentum":1.05,"friction":0.15,"entropy":0.08,"nash_dist":0.05,"alpha":2.8,"regime":"Gaussian",' +
        '"velocity":2.5},"sentiment":{"label":"Bullish","score":0.75,"source":"signed_volume"}}',
    );
  });

  it("keeps an agent's sentiment and says that it is one", () => {
    expect(embeddingMetadata(state, { label: 'Bearish', score: 0.85 }).sentiment).toEqual({
      label: 'Bearish',
      score: 0.85,
      source: 'agent',
    });
  });
});

describe('sentiment of signed volume', () => {
  it.each([
    [1_000, 'Bullish', 1],
    [150, 'Bullish', 0.575],
    [149, 'Neutral', 0.851],
    [0, 'Neutral', 1],
    [-149, 'Neutral', 0.851],
    [-150, 'Bearish', 0.575],
    [-1_000, 'Bearish', 1],
  ])('of %p in 1,000 shares is %s at %p', (signedVolume, label, score) => {
    expect(sentimentOfVolume({ volume: 1_000, signedVolume })).toEqual({
      label,
      score: expect.closeTo(score, 12),
      source: 'signed_volume',
    });
  });

  it('is Neutral without volume, and never above 1 for rounding', () => {
    expect(sentimentOfVolume({ volume: 0, signedVolume: 0 })).toMatchObject({ label: 'Neutral', score: 1 });
    expect(sentimentOfVolume({ volume: 1, signedVolume: 1 + Number.EPSILON })).toMatchObject({ label: 'Bullish', score: 1 });
  });
});

describe('an embedding is due', () => {
  it('on the grid of the epoch', () => {
    expect(isEmbeddingDue(state, 60_000)).toBe(true);
    expect(isEmbeddingDue({ ...state, timeUs: state.timeUs + 1_000_000 }, 60_000)).toBe(false);
    expect(isEmbeddingDue({ ...state, timeUs: state.timeUs + 1_000_000 }, 1_000)).toBe(true);
  });

  it('once there is a regime', () => {
    expect(isEmbeddingDue({ ...state, regime: 'WAIT' }, 60_000)).toBe(false);
  });
});
