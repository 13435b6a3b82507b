import type { RejectionCode, TickKind } from '@hindcast/contracts';
import {
  batchRowsMax,
  instrumentKey,
  type Admission,
  type BatchPlace,
  type CellCount,
  type InstrumentState,
  type KindCounts,
  type RejectedRow,
} from '@hindcast/market';
import type { LogWrite } from '@hindcast/ports';
import type { RefusedRows } from './full-instruments.js';

/** One batch of a request, and where in the log it came to stand. */
export interface AdmittedBatch {
  readonly admission: Admission;
  readonly place: Required<BatchPlace>;
}

/** What became of one request; every number in it is on disk. */
export interface IntakeAnswer {
  readonly counts: Readonly<Record<TickKind, KindCounts>>;
  readonly rejected: readonly RejectedRow[];
  /** What was accepted, by table, instrument and day, batch by batch. */
  readonly cells: readonly CellCount[];
  /** Left out because their instruments can take no more; only where the request allows it. */
  readonly refused: readonly RefusedRows[];
  readonly throughNumber: number;
}

/** What the log has to keep of a request. */
export function writeOf(serial: number, admitted: readonly AdmittedBatch[]): LogWrite {
  const admissions = admitted.map(({ admission }) => admission);
  return {
    serial,
    batches: admissions.filter(({ hasContent }) => hasContent).map(({ batch }) => batch),
    instruments: newestOf(admissions.flatMap(({ changed }) => changed)),
    counts: { trades: sumCounts(admissions, 'trades'), quotes: sumCounts(admissions, 'quotes') },
    rejectedByCode: countByCode(admissions.flatMap(({ batch }) => batch.rejected)),
    cells: admissions.flatMap(({ cells }) => cells),
  };
}

/** A request of several batches counts its rows through: a position is one in the request, wherever in the log the row stands. */
export function rejectedOf(admitted: readonly AdmittedBatch[]): readonly RejectedRow[] {
  return admitted.flatMap(({ admission, place }, at) => {
    const moved = at * batchRowsMax - place.firstPosition;
    const { rejected } = admission.batch;
    return moved === 0 ? rejected : rejected.map((row) => ({ ...row, position: row.position + moved }));
  });
}

function sumCounts(admissions: readonly Admission[], table: TickKind): KindCounts {
  const sum = (field: keyof KindCounts): number => admissions.reduce((total, { counts }) => total + counts[table][field], 0);
  return {
    received: sum('received'),
    accepted: sum('accepted'),
    duplicate: sum('duplicate'),
    rejected: sum('rejected'),
    late: sum('late'),
  };
}

/** A request of several batches may change an instrument more than once; the last form counts. */
function newestOf(changed: readonly InstrumentState[]): readonly InstrumentState[] {
  return [...new Map(changed.map((instrument) => [instrumentKey(instrument), instrument])).values()];
}

function countByCode(rejected: readonly RejectedRow[]): Partial<Record<RejectionCode, number>> {
  const counts: Partial<Record<RejectionCode, number>> = {};
  for (const { code } of rejected) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
