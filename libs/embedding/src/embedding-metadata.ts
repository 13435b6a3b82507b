import type { EmbeddingMetadata, SentimentLabel } from '@hindcast/contracts';
import type { PhysicsState } from '@hindcast/physics';

/** A sentiment that an agent published: its label, and its confidence in it, 0 to 1. */
export interface AgentSentiment {
  readonly label: SentimentLabel;
  readonly score: number;
}

/**
 * From this share of the volume on (buys less sells over all), one side rules. On a US trading day about a quarter of
 * the states are above it and a quarter below its negative.
 */
const sentimentShareMin = 0.15;

/** The metadata of 001, which names the tail index `alpha`; ours follow. */
export function embeddingMetadata(state: PhysicsState, sentiment?: AgentSentiment): EmbeddingMetadata {
  return {
    physics: {
      mass: state.mass,
      momentum: state.momentum,
      friction: state.friction,
      entropy: state.entropy,
      nash_dist: state.nashDistance,
      alpha: state.alphaCoefficient,
      regime: state.regime,
      velocity: state.velocity,
    },
    sentiment: sentiment ? { label: sentiment.label, score: sentiment.score, source: 'agent' } : sentimentOfVolume(state),
  };
}

/**
 * Sentiment of the window's signed volume. The score is the share of the volume that agrees with the label: of buys for
 * Bullish, of sells for Bearish (trades without a side count half for each); for Neutral, how balanced it is. No volume:
 * Neutral, 1.
 */
export function sentimentOfVolume({ volume, signedVolume }: Pick<PhysicsState, 'volume' | 'signedVolume'>): EmbeddingMetadata['sentiment'] {
  const share = volume > 0 ? Math.max(-1, Math.min(1, signedVolume / volume)) : 0;
  if (Math.abs(share) < sentimentShareMin) return { label: 'Neutral', score: 1 - Math.abs(share), source: 'signed_volume' };
  return { label: share > 0 ? 'Bullish' : 'Bearish', score: (1 + Math.abs(share)) / 2, source: 'signed_volume' };
}
