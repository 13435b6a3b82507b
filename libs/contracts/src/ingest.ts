import type { RejectionCode } from './errors.js';

/** Answers of the ingest doors, JSON and gRPC alike. */
export interface RejectedRowDto {
  /** Position in the request, from 0. */
  readonly index: number;
  readonly code: RejectionCode;
  readonly field: string;
  readonly message: string;
}

export interface IngestAnswer {
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  /** At most `rejectedListMax` rows; `rejected` has the true count. */
  readonly rejected_rows: readonly RejectedRowDto[];
  readonly stream_id: string;
  /** The highest batch number that this answer rests on; flushed to disk. */
  readonly through_number: number;
}

/** One row of the ledger: `inherited + received = stored + pending + rejected + duplicate + quarantined`. */
export interface LedgerCounts {
  readonly inherited: number;
  readonly received: number;
  readonly stored: number;
  readonly pending: number;
  readonly rejected: number;
  readonly duplicate: number;
  readonly quarantined: number;
  /** Part of stored, pending and quarantined: trades that arrived after their bar had closed. */
  readonly late: number;
}

export type TickKind = 'trades' | 'quotes';

export interface LedgerCell {
  readonly table: TickKind;
  readonly market: string;
  readonly symbol: string;
  /** UTC day of the event times, yyyy-mm-dd. */
  readonly day: string;
  readonly inherited: number;
  readonly admitted: number;
  readonly stored: number;
  readonly quarantined: number;
  readonly late: number;
}

export interface LedgerDto {
  readonly stream_id: string;
  readonly balanced: boolean;
  readonly head_number: number;
  readonly stored_through_number: number;
  readonly totals: Readonly<Record<TickKind, LedgerCounts>>;
  readonly rejected_by_code: Readonly<Partial<Record<RejectionCode, number>>>;
  readonly cells: readonly LedgerCell[];
}

/** A cell whose count in the store is not what the ledger says. */
export interface LedgerDifference extends LedgerCell {
  readonly in_store: number;
}

export interface LedgerVerification {
  readonly verified: boolean;
  readonly balanced: boolean;
  readonly cells: number;
  readonly rows: number;
  readonly differences: readonly LedgerDifference[];
}
