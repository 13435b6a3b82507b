import type { ErrorCode } from '@hindcast/contracts';
import type { MomentFolder } from './moment-folder.js';

export type FolderMethod = Exclude<keyof MomentFolder, 'close'>;

/** A call of the folder in its thread. */
export interface FoldingCall {
  readonly id: number;
  readonly method: FolderMethod;
  readonly args: readonly unknown[];
}

/** `code` where the failure is one of the caller or the world, undefined where it is a bug. */
export interface FoldingFailure {
  readonly code: ErrorCode | undefined;
  readonly message: string;
}

export type FoldingAnswer =
  | { readonly id: number; readonly value: unknown; readonly failure?: undefined }
  | { readonly id: number; readonly failure: FoldingFailure };
