import type { StoredProgress } from '@hindcast/ports';
import type { DrainStatus } from './drain.js';

/** What a drain is told at its start, wherever it runs: it can be sent to another thread. */
export interface DrainSettings {
  readonly logDir: string;
  readonly streamId: string;
  readonly fromNumber: number;
  readonly headNumber: number;
  readonly pieceRowsMax: number;
  readonly quarantineRowsMax: number;
  readonly pieceIntervalMs: number;
}

export type DrainCommand = { readonly kind: 'head'; readonly number: number } | { readonly kind: 'stop' };

export type DrainReport =
  | { readonly kind: 'progress'; readonly progress: StoredProgress; readonly elapsedMs: number }
  | { readonly kind: 'status'; readonly status: DrainStatus };

/** What a drain in another thread says: its reports, and why it ends where nobody has told it to. */
export type DrainMessage = DrainReport | { readonly kind: 'failure'; readonly error: unknown };
