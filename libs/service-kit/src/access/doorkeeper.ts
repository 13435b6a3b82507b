import { errorCodes, HindcastError, type ErrorCode } from '@hindcast/contracts';
import type { Clock } from '@hindcast/ports';
import type { Logger } from 'pino';
import type { HealthRegistry } from '../health.js';
import type { Metrics } from '../metrics.js';
import { WatchedFiles } from '../watched-files.js';
import { Certificate } from './certificate.js';
import { keyFileBytesMax, parseKeyFile } from './key-file.js';
import { KeyRing, type Key } from './key-ring.js';
import { defaultLimits, type DoorLimits } from './limits.js';
import { RequestRate } from './request-rate.js';
import { requireOwnPage } from './own-page.js';
import { allows, wordsOf, type AskedRight } from './rights.js';

export interface Visit {
  /** The key as it was sent; undefined where none was. */
  readonly presented: string | undefined;
  readonly needed: AskedRight;
  /** As `POST /v1/trades`, for messages. */
  readonly door: string;
  readonly address: string;
  /** The page that a browser sends this from, as its Origin header says. */
  readonly origin?: string | undefined;
  /** The name that the caller knows this door by, as its Host header says. */
  readonly host?: string | undefined;
  /** Called when the key loses its right while the visit lasts: a stream must not outlive its key. */
  readonly onRevoked: (error: HindcastError) => void;
}

export interface Admitted {
  /** The name of the key; undefined where no keys are asked for. */
  readonly caller: string | undefined;
  /** The visit has ended. */
  readonly leave: () => void;
}

/** Absolute paths; none where the doors ask for no keys, or speak no TLS. */
export interface AccessConfig extends DoorLimits {
  readonly bind?: string;
  readonly container?: boolean;
  readonly apiKeys?: string | undefined;
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
}

export interface DoorkeeperParts {
  /** What the configuration says of keys and certificates. */
  readonly config: AccessConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
}

interface Stay {
  key: Key;
  readonly visit: Visit;
}

/** How soon an expired key ends the streams that it opened. */
const expiryCheckMs = 1_000;
const openContainer =
  'the doors ask for no keys: whoever reaches the ports of this container may do everything. Publish them on the loopback alone, or set HINDCAST_API_KEYS';

/**
 * Decides who may come in, for every door of a service alike. Without a key file everybody who reaches a door may: the
 * doors then listen on the loopback, and only pages of other machines in a browser of this one are refused. With one,
 * each visit needs a key that holds the right, and ends when the key loses it.
 */
export class Doorkeeper {
  private readonly stays = new Set<Stay>();
  private readonly rate: RequestRate;
  private readonly timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly clock: Clock,
    private readonly keys: WatchedFiles<KeyRing> | undefined,
    /** Counts one who was not let in; `admit` does so by itself. */
    readonly onRefused: (code: ErrorCode) => void,
    /** Undefined where the doors speak no TLS. */
    readonly certificate?: Certificate,
    readonly limits: AccessConfig = defaultLimits,
  ) {
    this.rate = new RequestRate(limits.requestsPerSecondMax);
    if (keys === undefined) return;
    this.timer = setInterval(() => this.checkStays(), expiryCheckMs);
    this.timer.unref();
  }

  /** Reads key file and certificate, where there are any: CONFIG_INVALID where they cannot be used. */
  static async open({ config, clock, logger, health, metrics }: DoorkeeperParts): Promise<Doorkeeper> {
    const { apiKeys: file, tlsCertFile: certFile, tlsKeyFile: keyFile } = config;
    const nowUs = (): number => clock.nowUs();
    const certificate =
      certFile === undefined || keyFile === undefined ? undefined : await Certificate.open({ certFile, keyFile, logger, health, nowUs });
    const refusals = metrics.counter({
      name: 'hindcast_refused_total',
      help: 'Requests, calls, upgrades and connections that were not let in: for their key, right, origin or number.',
      labels: ['code'],
    });
    const onRefused = (code: ErrorCode): void => refusals.inc({ code });
    if (file === undefined) {
      if (config.container === true) logger.warn(openContainer);
      return new Doorkeeper(clock, undefined, onRefused, certificate, config);
    }
    const keys: WatchedFiles<KeyRing> = await WatchedFiles.open({
      files: [file],
      bytesMax: keyFileBytesMax,
      parse: ([text]) => new KeyRing(parseKeyFile(text, file)),
      onChange: (ring) => {
        logger.info({ keys: ring.size }, 'API keys changed');
        doorkeeper.checkStays();
      },
      onFault: (fault) => logger.error({ fault }, 'the key file cannot be used: the keys from before stay in force'),
    }).catch((error: unknown) => {
      if (error instanceof HindcastError) throw error;
      throw new HindcastError('CONFIG_INVALID', `HINDCAST_API_KEYS="${file}" cannot be read: make it with \`hindcast keys new\`.`, {
        cause: error,
      });
    });
    const doorkeeper = new Doorkeeper(clock, keys, onRefused, certificate, config);
    health.register('api_keys', () => Promise.resolve(keyHealth(keys)), { critical: false });
    return doorkeeper;
  }

  /** For a door that stands alone, as in a test: lets everybody in. */
  static withoutKeys(clock: Clock): Doorkeeper {
    return new Doorkeeper(clock, undefined, () => undefined);
  }

  /** RATE_LIMITED; KEY_REQUIRED, KEY_UNKNOWN, RIGHT_MISSING; ORIGIN_REFUSED where no keys are asked for. */
  admit(visit: Visit): Admitted {
    try {
      return this.admitted(visit);
    } catch (error) {
      if (error instanceof HindcastError) this.onRefused(error.code);
      throw error;
    }
  }

  /** RATE_LIMITED where the caller, a key or an address, has had its share of this second. */
  requireRate(caller: string): void {
    if (this.rate.take(caller)) return;
    const { requestsPerSecondMax } = this.limits;
    throw new HindcastError(
      'RATE_LIMITED',
      `More than ${requestsPerSecondMax} requests in a second, as HINDCAST_REQUESTS_PER_SECOND_MAX allows.`,
    );
  }

  close(): void {
    this.rate.close();
    clearInterval(this.timer);
    this.keys?.close();
    this.certificate?.close();
  }

  private admitted(visit: Visit): Admitted {
    if (this.keys === undefined) {
      this.requireRate(visit.address);
      requireOwnPage(visit, this.limits);
      return { caller: undefined, leave: () => undefined };
    }
    const found = visit.presented === undefined ? undefined : this.keys.value.find(visit.presented);
    this.requireRate(found?.name ?? visit.address);
    if (visit.presented === undefined) {
      throw new HindcastError('KEY_REQUIRED', `${visit.door} needs an API key with ${wordsOf(visit.needed)}.`, {
        details: { needed: visit.needed },
      });
    }
    const key = this.requireRight(found, visit);
    const stay: Stay = { key, visit: { ...visit, presented: undefined } };
    this.stays.add(stay);
    return { caller: key.name, leave: () => this.stays.delete(stay) };
  }

  private checkStays(): void {
    for (const stay of this.stays) {
      try {
        stay.key = this.requireRight(this.keys?.value.again(stay.key), stay.visit);
      } catch (error) {
        this.stays.delete(stay);
        stay.visit.onRevoked(error as HindcastError);
      }
    }
  }

  private requireRight(key: Key | undefined, { needed, door }: Visit): Key {
    if (key === undefined) throw new HindcastError('KEY_UNKNOWN', errorCodes.KEY_UNKNOWN.help);
    if (key.expiresUs <= this.clock.nowUs()) throw new HindcastError('KEY_UNKNOWN', `The API key "${key.name}" has expired.`);
    if (allows(key.rights, needed)) return key;
    throw new HindcastError(
      'RIGHT_MISSING',
      `${door} needs ${wordsOf(needed)}; the API key "${key.name}" holds ${key.rights.join(', ')}.`,
      {
        details: { needed },
      },
    );
  }
}

function keyHealth({ value, fault }: WatchedFiles<KeyRing>) {
  return {
    up: fault === undefined,
    keys: value.size,
    ...(fault === undefined ? {} : { detail: `${fault} The keys from before stay in force.` }),
  };
}
