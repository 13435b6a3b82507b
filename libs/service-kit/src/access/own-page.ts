import { HindcastError } from '@hindcast/contracts';

const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** What a browser says of a request, and nobody else need say. */
export interface PageClaims {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}

export interface OwnDoors {
  readonly bind?: string | undefined;
  readonly container?: boolean | undefined;
}

/**
 * A browser lets any page send requests to this machine. `Origin` says whose page it was, but not with every request: a
 * page whose own name was pointed at this machine meanwhile (DNS rebinding) reads without one, and only `Host` still has
 * that name. In a container the others of the suite call by names of its network.
 */
export function requireOwnPage({ origin, host }: PageClaims, { bind, container }: OwnDoors): void {
  if (origin !== undefined && !(URL.canParse(origin) && loopbackHosts.includes(new URL(origin).hostname)))
    throw new HindcastError('ORIGIN_REFUSED', `Origin ${origin} is not of this machine.`);
  if (host === undefined || container === true || isOwnHost(host, bind)) return;
  throw new HindcastError(
    'ORIGIN_REFUSED',
    `Host ${host} is not this machine: without keys it is called localhost, 127.0.0.1, [::1] or by the address that it listens on.`,
  );
}

function isOwnHost(host: string, bind: string | undefined): boolean {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return loopbackHosts.includes(name) || (bind !== undefined && name === inUrl(bind).toLowerCase());
}

/** An address as it stands in a URL: IPv6 in brackets. */
export function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
