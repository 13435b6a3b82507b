import { HindcastError } from '@hindcast/contracts';
import { bytesToWrite, freeBytesOf, reasonOf, whyNoRoom } from '@hindcast/log-lmdb';
import { instrumentKey, instrumentOfKey, type SecondBar } from '@hindcast/market';
import { lookBackUs, type PhysicsState } from '@hindcast/physics';
import { open, type Database, type RootDatabase } from 'lmdb';
import type { Checkpoints, DueQueue, SavedCheckpoint } from './checkpoint.js';
import type { InstrumentCut, InstrumentPart, SavedInstrument } from './instrument-fold.js';
import type { FoldCut } from './market-fold.js';

/** Written with every checkpoint; one of another format is not usable, and the store is asked instead. */
const formatVersion = 2;
const positionKey = 'position';

interface Position {
  readonly format: number;
  readonly streamId: string;
  readonly number: number;
  readonly states: number;
}

/** What each takes on the disk, rather too much. */
const roomOf = { instrument: 8_192, bar: 256, state: 1_024 } as const;

type BarKey = [instrument: string, startUs: number];
type DueKey = [timeUs: number, market: string, symbol: string];

/**
 * The follower's memory in one lmdb environment, so that one transaction moves all of it: `position` and `instruments`
 * are replaced, `bars` has each closed bar once and loses those that no window needs, `due` is the queue of states
 * that still get their vector. Numbers are JSON or raw doubles: both give back the same bits.
 */
export class LmdbCheckpoint implements Checkpoints, DueQueue {
  private readonly root: RootDatabase;
  private readonly positions: Database<Position, string>;
  private readonly instruments: Database<InstrumentPart, string>;
  private readonly bars: Database<Uint8Array, BarKey>;
  private readonly due: Database<PhysicsState, DueKey>;

  /** `freeBytes` is the room on the disk; a test may say that there is none. */
  constructor(
    private readonly folder: string,
    private readonly freeBytes: () => number = () => freeBytesOf(folder),
  ) {
    this.root = open({
      path: folder,
      maxDbs: 4,
      noSubdir: false,
      // With it, a commit that the disk does not take is rejected a second time, where nobody can hear it.
      eventTurnBatching: false,
    });
    this.positions = this.root.openDB({ name: 'position', encoding: 'json' });
    this.instruments = this.root.openDB({ name: 'instruments', encoding: 'json' });
    this.bars = this.root.openDB({ name: 'bars', encoding: 'binary' });
    this.due = this.root.openDB({ name: 'due', encoding: 'json' });
  }

  load(): SavedCheckpoint | undefined {
    const position = this.positions.get(positionKey);
    if (position?.format !== formatVersion) return undefined;
    const instruments: SavedInstrument[] = [];
    for (const { key, value } of this.instruments.getRange({})) {
      instruments.push({ instrument: instrumentOfKey(key), part: value, closedBars: this.closedBars(key) });
    }
    instruments.sort((a, b) => a.part.place - b.part.place);
    return { streamId: position.streamId, fold: { number: position.number, states: position.states, instruments } };
  }

  async save(streamId: string, cut: FoldCut): Promise<void> {
    await this.write(roomOfCut(cut), () => {
      if (cut.anew) {
        this.instruments.clearSync();
        this.bars.clearSync();
      }
      for (const instrument of cut.instruments) this.putInstrument(instrument);
      this.putDue(cut.due);
      void this.positions.put(positionKey, { format: formatVersion, streamId, number: cut.number, states: cut.states });
    });
  }

  get length(): number {
    return (this.due.getStats() as { readonly entryCount: number }).entryCount;
  }

  async enqueue(states: readonly PhysicsState[]): Promise<void> {
    if (states.length === 0) return;
    await this.write(states.length * roomOf.state, () => this.putDue(states));
  }

  oldest(limit: number): readonly PhysicsState[] {
    return [...this.due.getRange({ limit }).map(({ value }) => value)];
  }

  async remove(states: readonly PhysicsState[]): Promise<void> {
    await this.write(0, () => {
      for (const state of states) {
        const queued = this.due.get(dueKey(state));
        if (queued && JSON.stringify(queued) === JSON.stringify(state)) void this.due.remove(dueKey(state));
      }
    });
  }

  async close(): Promise<void> {
    await this.root.close();
  }

  /** One transaction, on disk when it resolves; a child, because only that is undone when the action throws halfway. */
  private async write(bodyBytes: number, action: () => void): Promise<void> {
    const reason = whyNoRoom(this.freeBytes(), bytesToWrite(bodyBytes));
    if (reason !== undefined) throw this.notWritten(reason);
    try {
      await this.root.childTransaction(action);
      await this.root.flushed;
    } catch (cause) {
      throw this.notWritten(await reasonOf(cause), cause);
    }
  }

  private notWritten(reason: string, cause?: unknown): HindcastError {
    return new HindcastError('INTERNAL', `The checkpoint in ${this.folder} could not be written: ${reason}`, { cause });
  }

  private closedBars(key: string): readonly SecondBar[] {
    const range = { start: [key, 0] as BarKey, end: [key, Infinity] as BarKey };
    return [...this.bars.getRange(range).map(({ value }) => decodeBar(value))];
  }

  private putInstrument({ instrument, part, closedBars }: InstrumentCut): void {
    const key = instrumentKey(instrument);
    void this.instruments.put(key, part);
    for (const bar of closedBars) void this.bars.put([key, bar.startUs], encodeBar(bar));
    const newest = closedBars.at(-1);
    if (!newest) return;
    const unneeded = this.bars.getKeys({ start: [key, 0], end: [key, newest.startUs - lookBackUs] });
    for (const barKey of [...unneeded]) void this.bars.remove(barKey);
  }

  private putDue(states: readonly PhysicsState[]): void {
    for (const state of states) void this.due.put(dueKey(state), state);
  }
}

function roomOfCut({ instruments, due }: FoldCut): number {
  const bars = instruments.reduce((sum, { part, closedBars }) => sum + part.window.openBars.length + closedBars.length, 0);
  return instruments.length * roomOf.instrument + bars * roomOf.bar + due.length * roomOf.state;
}

function dueKey({ timeUs, market, symbol }: PhysicsState): DueKey {
  return [timeUs, market, symbol];
}

function encodeBar(bar: SecondBar): Uint8Array {
  const { startUs, open, high, low, close, volume, notional, signedVolume, trades } = bar;
  return new Uint8Array(Float64Array.of(startUs, open, high, low, close, volume, notional, signedVolume, trades).buffer);
}

function decodeBar(bytes: Uint8Array): SecondBar {
  const [startUs, open, high, low, close, volume, notional, signedVolume, trades] = new Float64Array(new Uint8Array(bytes).buffer);
  return { startUs, open, high, low, close, volume, notional, signedVolume, trades };
}
