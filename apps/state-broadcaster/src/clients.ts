import { HindcastError } from '@hindcast/contracts';
import type { Broadcast } from './broadcast.js';
import { ClientSession, type ClientSink, type SessionOptions } from './client-session.js';

export interface ClientsOptions extends Omit<SessionOptions, 'sink'> {
  readonly clientsMax: number;
  readonly heartbeatMs: number;
}

/** Heartbeats that a subscriber may leave unanswered, and take nothing meanwhile, before it counts as gone. */
const silentHeartbeatsMax = 4;

/** Everybody who is subscribed. */
export class Clients {
  private readonly sessions = new Set<ClientSession>();
  private readonly timer: NodeJS.Timeout;
  private closing = false;

  constructor(private readonly options: ClientsOptions) {
    this.timer = setInterval(() => this.heartbeat(), options.heartbeatMs);
    this.timer.unref();
  }

  /** CLIENTS_FULL, SHUTTING_DOWN. */
  mustHaveRoom(): void {
    const { clientsMax } = this.options;
    if (this.closing) throw new HindcastError('SHUTTING_DOWN');
    if (this.sessions.size < clientsMax) return;
    throw new HindcastError('CLIENTS_FULL', `${clientsMax} subscribers are connected, as many as HINDCAST_BROADCAST_CLIENTS_MAX allows.`);
  }

  open(sink: ClientSink): ClientSession {
    this.mustHaveRoom();
    const session = new ClientSession({ ...this.options, sink });
    this.sessions.add(session);
    return session;
  }

  /** The connection has ended, whoever ended it. */
  remove(session: ClientSession): void {
    session.ended();
    this.sessions.delete(session);
  }

  count(transport: ClientSink['transport']): number {
    return [...this.sessions].filter((session) => session.transport === transport).length;
  }

  offer(broadcast: Broadcast): void {
    for (const session of this.sessions) session.offer(broadcast);
  }

  resync(): void {
    for (const session of this.sessions) session.resync();
  }

  close(): void {
    this.closing = true;
    clearInterval(this.timer);
    for (const session of this.sessions) session.close(new HindcastError('SHUTTING_DOWN'));
  }

  private heartbeat(): void {
    const silentMs = silentHeartbeatsMax * this.options.heartbeatMs;
    for (const session of this.sessions) {
      if (session.isSilentSince(performance.now() - silentMs)) session.cut();
      else session.heartbeat();
    }
  }
}
