import type { BestQuotes } from '@hindcast/market';
import {
  MomentColumns,
  fitMemory,
  skillOf,
  type FitOptions,
  type MemoryFit,
  type MemorySkill,
  type MomentParts,
  type SignatureVersion,
} from '@hindcast/memory';
import type { TradePiece } from '../trades-by-bar.js';
import { InstrumentFolding, type FoldingOptions } from './instrument-folding.js';

/**
 * Where trades become moments: a thread of its own in a service, so that the doors are not kept waiting. Foldings are known by a
 * key of whoever asks. Arrays that are handed over are not to be used any more.
 */
export interface MomentFolder {
  begin(key: string, options: FoldingOptions): Promise<void>;
  skipTo(key: string, statesAfterUs: number): Promise<void>;
  quotes(key: string, quotes: BestQuotes): Promise<void>;
  trades(key: string, piece: TradePiece): Promise<void>;
  through(key: string, toUs: number): Promise<void>;
  tradesLate(key: string, timesUs: readonly number[]): Promise<void>;
  takeSessions(key: string, beforeUs: number): Promise<readonly MomentParts[]>;
  takeChanges(key: string, finalUs: number): Promise<MomentParts>;
  end(key: string): Promise<void>;
  fit(moments: MomentParts, options: FitOptions): Promise<MemoryFit>;
  measure(moments: MomentParts, version: SignatureVersion): Promise<MemorySkill>;
  close(): Promise<void>;
}

/** In the thread that it is called in. */
export class FolderHere implements MomentFolder {
  private readonly foldings = new Map<string, InstrumentFolding>();

  async begin(key: string, options: FoldingOptions): Promise<void> {
    this.foldings.set(key, new InstrumentFolding(options));
  }

  async skipTo(key: string, statesAfterUs: number): Promise<void> {
    this.folding(key).skipTo(statesAfterUs);
  }

  async quotes(key: string, quotes: BestQuotes): Promise<void> {
    this.folding(key).quotes(quotes);
  }

  async trades(key: string, piece: TradePiece): Promise<void> {
    this.folding(key).trades(piece);
  }

  async through(key: string, toUs: number): Promise<void> {
    this.folding(key).through(toUs);
  }

  async tradesLate(key: string, timesUs: readonly number[]): Promise<void> {
    this.folding(key).tradesLate(timesUs);
  }

  async takeSessions(key: string, beforeUs: number): Promise<readonly MomentParts[]> {
    return this.folding(key)
      .takeSessions(beforeUs)
      .map((moments) => moments.parts());
  }

  async takeChanges(key: string, finalUs: number): Promise<MomentParts> {
    return this.folding(key).takeChanges(finalUs).parts();
  }

  async end(key: string): Promise<void> {
    this.foldings.delete(key);
  }

  async fit(moments: MomentParts, options: FitOptions): Promise<MemoryFit> {
    return fitMemory(MomentColumns.of(moments), options);
  }

  async measure(moments: MomentParts, version: SignatureVersion): Promise<MemorySkill> {
    return skillOf(MomentColumns.of(moments), version);
  }

  async close(): Promise<void> {
    this.foldings.clear();
  }

  private folding(key: string): InstrumentFolding {
    const folding = this.foldings.get(key);
    if (!folding) throw new Error(`nothing is folded as ${key}`);
    return folding;
  }
}
