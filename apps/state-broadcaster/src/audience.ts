import type { Broadcast } from './broadcast.js';
import type { ClientSession } from './client-session.js';
import type { SnapshotSource } from './snapshot-source.js';

/** Who hears one publisher: the live market, or one replay. */
export class Audience {
  protected readonly sessions = new Set<ClientSession>();

  constructor(readonly snapshots: SnapshotSource) {}

  get size(): number {
    return this.sessions.size;
  }

  join(session: ClientSession): void {
    this.sessions.add(session);
  }

  leave(session: ClientSession): void {
    this.sessions.delete(session);
  }

  offer(broadcast: Broadcast): void {
    for (const session of this.sessions) session.offer(broadcast);
  }

  /** Messages may have been lost. */
  resync(): void {
    for (const session of this.sessions) session.resync();
  }
}
