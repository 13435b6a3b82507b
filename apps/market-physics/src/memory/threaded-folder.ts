import { Worker } from 'node:worker_threads';
import { HindcastError } from '@hindcast/contracts';
import type { BestQuotes } from '@hindcast/market';
import {
  transferablesOf,
  type FitOptions,
  type MemoryFit,
  type MemorySkill,
  type MomentParts,
  type SignatureVersion,
} from '@hindcast/memory';
import type { TradePiece } from '../trades-by-bar.js';
import type { FolderMethod, FoldingAnswer, FoldingCall } from './folding-messages.js';
import type { FoldingOptions } from './instrument-folding.js';
import type { MomentFolder } from './moment-folder.js';

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export interface ThreadedFolderOptions {
  /** The thread's file, where it is not the built one: tests run sources. */
  readonly thread?: { readonly url: URL; readonly execArgv: readonly string[] };
}

/** A folder in a thread of its own. Columns move between the threads, they are not copied. */
export class ThreadedFolder implements MomentFolder {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private readonly exited: Promise<void>;
  private failure: Error | undefined;
  private lastId = 0;

  constructor({ thread }: ThreadedFolderOptions = {}) {
    this.worker = new Worker(thread?.url ?? new URL('./folding-thread.js', import.meta.url), {
      name: 'moments',
      ...(thread ? { execArgv: [...thread.execArgv] } : {}),
    });
    this.worker.on('message', (answer: FoldingAnswer) => this.settle(answer));
    this.worker.on('error', (cause) => this.endWith(new Error('the thread that makes moments failed', { cause })));
    this.exited = new Promise((resolve) => this.worker.once('exit', () => resolve()));
    this.worker.once('exit', () => this.endWith(new HindcastError('SHUTTING_DOWN', 'The thread that makes moments has ended.')));
  }

  begin(key: string, options: FoldingOptions): Promise<void> {
    return this.call('begin', [key, options]);
  }

  skipTo(key: string, statesAfterUs: number): Promise<void> {
    return this.call('skipTo', [key, statesAfterUs]);
  }

  quotes(key: string, quotes: BestQuotes): Promise<void> {
    const { startUs, bid, bidSize, ask, askSize } = quotes;
    const columns = [startUs, bid, bidSize, ask, askSize].map(({ buffer }) => buffer as ArrayBuffer);
    return this.call('quotes', [key, quotes], columns);
  }

  trades(key: string, piece: TradePiece): Promise<void> {
    const { timeUs, sequence, price, size, side, sideInferred, late } = piece;
    const columns = [timeUs, sequence, price, size, side, sideInferred, late].map(({ buffer }) => buffer as ArrayBuffer);
    return this.call('trades', [key, piece], columns);
  }

  through(key: string, toUs: number): Promise<void> {
    return this.call('through', [key, toUs]);
  }

  tradesLate(key: string, timesUs: readonly number[]): Promise<void> {
    return this.call('tradesLate', [key, timesUs]);
  }

  takeSessions(key: string, beforeUs: number): Promise<readonly MomentParts[]> {
    return this.call('takeSessions', [key, beforeUs]);
  }

  takeChanges(key: string, finalUs: number): Promise<MomentParts> {
    return this.call('takeChanges', [key, finalUs]);
  }

  end(key: string): Promise<void> {
    return this.call('end', [key]);
  }

  fit(moments: MomentParts, options: FitOptions): Promise<MemoryFit> {
    return this.call('fit', [moments, options], transferablesOf(moments));
  }

  measure(moments: MomentParts, version: SignatureVersion): Promise<MemorySkill> {
    return this.call('measure', [moments, version], transferablesOf(moments));
  }

  /** Whatever is under way there is given up. */
  async close(): Promise<void> {
    await this.worker.terminate();
    await this.exited;
  }

  private call<Value>(method: FolderMethod, args: readonly unknown[], transfer: readonly ArrayBuffer[] = []): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.failure) {
        reject(this.failure);
        return;
      }
      const id = ++this.lastId;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, method, args } satisfies FoldingCall, transfer);
    });
  }

  private settle(answer: FoldingAnswer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (answer.failure === undefined) {
      waiting?.resolve(answer.value as never);
      return;
    }
    const { code, message } = answer.failure;
    waiting?.reject(code === undefined ? new Error(message) : new HindcastError(code, message));
  }

  private endWith(failure: Error): void {
    this.failure ??= failure;
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}
