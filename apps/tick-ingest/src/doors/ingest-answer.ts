import type { IngestAnswer, RejectedRowDto } from '@hindcast/contracts';
import type { RejectedRow } from '@hindcast/market';
import type { IntakeAnswer } from '../admission/intake.js';

/** Rejected rows that an answer lists; it always has their true count. */
export const rejectedListMax = 100;

export function rejectedRowDto({ position, code, field, message }: RejectedRow): RejectedRowDto {
  return { index: position, code, field, message };
}

export function ingestAnswer({ counts, rejected, throughNumber }: IntakeAnswer, { streamId }: { readonly streamId: string }): IngestAnswer {
  const sum = (field: 'accepted' | 'duplicate' | 'rejected'): number => counts.trades[field] + counts.quotes[field];
  return {
    accepted: sum('accepted'),
    duplicate: sum('duplicate'),
    rejected: sum('rejected'),
    rejected_rows: rejected.slice(0, rejectedListMax).map(rejectedRowDto),
    stream_id: streamId,
    through_number: throughNumber,
  };
}
