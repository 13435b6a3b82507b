import { HindcastError } from '@hindcast/contracts';
import type { Broadcast } from './broadcast.js';
import { ClientSession, type Backlog, type ClientSink, type SessionOptions } from './client-session.js';

export interface ClientsOptions extends Omit<SessionOptions, 'sink'> {
  readonly clientsMax: number;
  readonly clientsPerAddressMax: number;
  readonly heartbeatMs: number;
}

/** Heartbeats that a subscriber may leave unanswered, and take nothing meanwhile, before it counts as gone. */
const silentHeartbeatsMax = 4;

/** Everybody who is subscribed. */
export class Clients {
  private readonly sessions = new Set<ClientSession>();
  private readonly countOfAddress = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private closing = false;

  constructor(private readonly options: ClientsOptions) {
    this.timer = setInterval(() => this.heartbeat(), options.heartbeatMs);
    this.timer.unref();
  }

  /** CLIENTS_FULL, SHUTTING_DOWN. */
  mustHaveRoom(address: string): void {
    const { clientsMax, clientsPerAddressMax } = this.options;
    if (this.closing) throw new HindcastError('SHUTTING_DOWN');
    if (this.sessions.size >= clientsMax) {
      throw new HindcastError('CLIENTS_FULL', `${clientsMax} subscribers are connected, as many as HINDCAST_BROADCAST_CLIENTS_MAX allows.`);
    }
    if ((this.countOfAddress.get(address) ?? 0) < clientsPerAddressMax) return;
    throw new HindcastError(
      'CLIENTS_FULL',
      `${clientsPerAddressMax} subscribers are connected from ${address}, as many as HINDCAST_BROADCAST_CLIENTS_PER_ADDRESS_MAX allows.`,
    );
  }

  open(sink: ClientSink): ClientSession {
    this.mustHaveRoom(sink.address);
    const session = new ClientSession({ ...this.options, sink });
    this.sessions.add(session);
    this.countOfAddress.set(sink.address, (this.countOfAddress.get(sink.address) ?? 0) + 1);
    return session;
  }

  /** The connection has ended, whoever ended it. */
  remove(session: ClientSession): void {
    session.ended();
    if (!this.sessions.delete(session)) return;
    const { address } = session;
    const left = (this.countOfAddress.get(address) ?? 0) - 1;
    if (left > 0) this.countOfAddress.set(address, left);
    else this.countOfAddress.delete(address);
  }

  count(transport: ClientSink['transport']): number {
    return [...this.sessions].filter((session) => session.transport === transport).length;
  }

  /** What those who are slow cost us, all together. */
  backlog(): Backlog {
    const backlogs = [...this.sessions].map((session) => session.backlog);
    return {
      messages: backlogs.reduce((sum, { messages }) => sum + messages, 0),
      bytes: backlogs.reduce((sum, { bytes }) => sum + bytes, 0),
    };
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
