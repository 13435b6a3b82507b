import { HindcastError } from '@hindcast/contracts';
import type { Audience } from './audience.js';
import type { Audiences } from './audiences.js';
import { ClientSession, type Backlog, type ClientSink, type SessionOptions } from './client-session.js';

export interface ClientsOptions extends Omit<SessionOptions, 'sink' | 'snapshots' | 'replay'> {
  readonly audiences: Audiences;
  readonly clientsMax: number;
  readonly clientsPerAddressMax: number;
  readonly heartbeatMs: number;
}

/** Heartbeats that a subscriber may leave unanswered, and take nothing meanwhile, before it counts as gone. */
const silentHeartbeatsMax = 4;

/** Everybody who is subscribed. */
export class Clients {
  /** With what each of them hears. */
  private readonly sessions = new Map<ClientSession, Audience>();
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

  /** REPLAY_UNKNOWN; for doors that can say it before they open. */
  async mustKnow(replay: string): Promise<void> {
    await this.options.audiences.mustKnow(replay);
  }

  /** One that listens to a replay hears nothing else. */
  open(sink: ClientSink, replay?: string): ClientSession {
    this.mustHaveRoom(sink.address);
    const audience = this.options.audiences.of(replay);
    const session = new ClientSession({ ...this.options, snapshots: audience.snapshots, replay, sink });
    audience.join(session);
    this.sessions.set(session, audience);
    this.countOfAddress.set(sink.address, (this.countOfAddress.get(sink.address) ?? 0) + 1);
    return session;
  }

  /** The connection has ended, whoever ended it. */
  remove(session: ClientSession): void {
    session.ended();
    const audience = this.sessions.get(session);
    if (audience === undefined) return;
    this.sessions.delete(session);
    audience.leave(session);
    this.options.audiences.tidy(audience);
    const { address } = session;
    const left = (this.countOfAddress.get(address) ?? 0) - 1;
    if (left > 0) this.countOfAddress.set(address, left);
    else this.countOfAddress.delete(address);
  }

  count(transport: ClientSink['transport']): number {
    return [...this.sessions.keys()].filter((session) => session.transport === transport).length;
  }

  /** What those who are slow cost us, all together. */
  backlog(): Backlog {
    const backlogs = [...this.sessions.keys()].map((session) => session.backlog);
    return {
      messages: backlogs.reduce((sum, { messages }) => sum + messages, 0),
      bytes: backlogs.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  close(): void {
    this.closing = true;
    clearInterval(this.timer);
    for (const session of this.sessions.keys()) session.close(new HindcastError('SHUTTING_DOWN'));
  }

  private heartbeat(): void {
    const silentMs = silentHeartbeatsMax * this.options.heartbeatMs;
    for (const session of this.sessions.keys()) {
      if (session.isSilentSince(performance.now() - silentMs)) session.cut();
      else session.heartbeat();
    }
  }
}
