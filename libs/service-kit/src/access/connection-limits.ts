import type { Server, Socket } from 'node:net';
import { errorCodes, HindcastError, type ErrorCode } from '@hindcast/contracts';
import { httpAnswer } from './http-answer.js';

export interface ConnectionBounds {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
}

const ownAddress = /^(?:::ffff:)?127\.|^::1$/;

/** Counts the connections of one port. All programs of this machine share an address, so theirs count in all only. */
export class ConnectionCount {
  private all = 0;
  private readonly byAddress = new Map<string, number>();

  constructor(private readonly bounds: ConnectionBounds) {}

  /** Undefined where there is no room; else what to call when the connection has ended. */
  enter(address: string): (() => void) | undefined {
    const { connectionsMax, connectionsPerAddressMax } = this.bounds;
    const ofAddress = this.byAddress.get(address) ?? 0;
    const isCrowded = ofAddress >= connectionsPerAddressMax && !ownAddress.test(address);
    if (this.all >= connectionsMax || isCrowded) return undefined;
    this.all += 1;
    this.byAddress.set(address, ofAddress + 1);
    return () => this.leave(address);
  }

  private leave(address: string): void {
    this.all -= 1;
    const left = (this.byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.byAddress.delete(address);
    else this.byAddress.set(address, left);
  }
}

export interface ConnectionRefusal {
  /** Whether the port speaks HTTP in plain, so that a refusal can be said; else the connection is just closed. */
  readonly isPlainHttp: boolean;
  readonly onRefused: (code: ErrorCode) => void;
}

/** Refuses connections beyond the bounds. */
export function limitConnections(server: Server, bounds: ConnectionBounds, { isPlainHttp, onRefused }: ConnectionRefusal): void {
  const count = new ConnectionCount(bounds);
  server.on('connection', (socket: Socket) => {
    const leave = count.enter(socket.remoteAddress ?? '');
    if (leave !== undefined) {
      socket.once('close', leave);
      return;
    }
    onRefused('CONNECTIONS_FULL');
    socket.on('error', () => socket.destroy());
    if (isPlainHttp)
      socket.end(httpAnswer(new HindcastError('CONNECTIONS_FULL', errorCodes.CONNECTIONS_FULL.help)), () => socket.destroy());
    else socket.destroy();
  });
}
