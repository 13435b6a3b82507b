/**
 * A flatbuffer that somebody else wrote, read with every offset and length checked. The library reads lengths as they
 * stand: a vector that says it has two thousand million entries is a loop of as many turns. Many offsets may also point
 * at one long text; so all that is visited is counted, and more than an honest writer needs is damage.
 */
export class BoundedFlatbuffer {
  private readonly view: DataView;
  private visitsLeft: number;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.visitsLeft = visitsPerByte * bytes.length + visitsLeast;
  }

  root(): BoundedTable {
    return this.tableAt(this.offsetAt(0));
  }

  tableAt(start: number): BoundedTable {
    const vtable = start - this.int32(start);
    const vtableBytes = this.int16(vtable);
    const tableBytes = this.int16(vtable + 2);
    if (vtableBytes < 4 || vtableBytes % 2 !== 0 || tableBytes < 4) throw damaged();
    this.visit(vtable, vtableBytes);
    this.visit(start, tableBytes);
    return new BoundedTable(this, { start, vtable, vtableBytes, tableBytes });
  }

  /** Where the offset that stands here points to. */
  offsetAt(at: number): number {
    const offset = this.int32(at);
    if (offset <= 0) throw damaged();
    return at + offset;
  }

  int16(at: number): number {
    this.require(at, 2);
    return this.view.getInt16(at, true);
  }

  int32(at: number): number {
    this.require(at, 4);
    return this.view.getInt32(at, true);
  }

  byte(at: number): number {
    this.require(at, 1);
    return this.bytes[at];
  }

  /** A length, an offset or a count: whole, not negative, exact in a double. */
  size64(at: number): number {
    const value = this.int64(at);
    if (value < 0) throw damaged();
    return value;
  }

  int64(at: number): number {
    this.require(at, 8);
    const value = Number(this.view.getBigInt64(at, true));
    if (!Number.isSafeInteger(value)) throw damaged();
    return value;
  }

  visit(at: number, length: number): void {
    this.require(at, length);
    this.visitsLeft -= length;
    if (this.visitsLeft < 0) throw damaged();
  }

  private require(at: number, length: number): void {
    if (at < 0 || at + length > this.bytes.length) throw damaged();
  }
}

const visitsPerByte = 4;
const visitsLeast = 1_024;

export interface BoundedVector {
  readonly length: number;
  /** Where the first entry lies. */
  readonly start: number;
}

export class BoundedTable {
  constructor(
    private readonly buffer: BoundedFlatbuffer,
    private readonly place: { readonly start: number; readonly vtable: number; readonly vtableBytes: number; readonly tableBytes: number },
  ) {}

  byte(field: number): number {
    const at = this.at(field, 1);
    return at === undefined ? 0 : this.buffer.byte(at);
  }

  int16(field: number): number {
    const at = this.at(field, 2);
    return at === undefined ? 0 : this.buffer.int16(at);
  }

  int32(field: number): number {
    const at = this.at(field, 4);
    return at === undefined ? 0 : this.buffer.int32(at);
  }

  size64(field: number): number {
    const at = this.at(field, 8);
    return at === undefined ? 0 : this.buffer.size64(at);
  }

  table(field: number): BoundedTable | undefined {
    const at = this.at(field, 4);
    return at === undefined ? undefined : this.buffer.tableAt(this.buffer.offsetAt(at));
  }

  vector(field: number, entryBytes: number): BoundedVector {
    const at = this.at(field, 4);
    if (at === undefined) return { length: 0, start: 0 };
    const lengthAt = this.buffer.offsetAt(at);
    const length = this.buffer.int32(lengthAt);
    if (length < 0) throw damaged();
    this.buffer.visit(lengthAt, 4 + length * entryBytes);
    return { length, start: lengthAt + 4 };
  }

  tables(field: number): BoundedTable[] {
    const { length, start } = this.vector(field, 4);
    return Array.from({ length }, (_, entry) => this.buffer.tableAt(this.buffer.offsetAt(start + 4 * entry)));
  }

  private at(field: number, bytes: number): number | undefined {
    const { start, vtable, vtableBytes, tableBytes } = this.place;
    const slot = 4 + 2 * field;
    if (slot >= vtableBytes) return undefined;
    const offset = this.buffer.int16(vtable + slot);
    if (offset === 0) return undefined;
    if (offset < 4 || offset + bytes > tableBytes) throw damaged();
    return start + offset;
  }
}

function damaged(): Error {
  return new Error('its metadata are damaged');
}
