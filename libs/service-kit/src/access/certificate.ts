import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import grpc from '@grpc/grpc-js';
import { HindcastError, isoFromUs } from '@hindcast/contracts';
import type { Logger } from 'pino';
import type { HealthRegistry } from '../health.js';
import { thrownMessage } from '../thrown.js';
import { WatchedFiles } from '../watched-files.js';

const certificateBytesMax = 1024 * 1024;
/** From here on health says that it is time for a new one. */
const renewalDueUs = 14 * 86_400 * 1_000_000;

/** What a door proves with who it is: the certificate, with those of its authorities below it, and its private key. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly expiresUs: number;
}

export interface CertificateOptions {
  readonly certFile: string;
  readonly keyFile: string;
  readonly logger: Logger;
  readonly health: HealthRegistry;
  readonly nowUs: () => number;
}

type RenewalListener = (identity: Identity) => void;

/** The certificate of every door of a service. Renewed on disk, it is taken up by connections that are made from then on. */
export class Certificate {
  private readonly listeners = new Set<RenewalListener>();

  private constructor(private readonly files: WatchedFiles<Identity>) {}

  /** CONFIG_INVALID where the files cannot be read, are not a certificate and a key, or do not belong together. */
  static async open({ certFile, keyFile, logger, health, nowUs }: CertificateOptions): Promise<Certificate> {
    const files: WatchedFiles<Identity> = await WatchedFiles.open({
      files: [certFile, keyFile],
      bytesMax: certificateBytesMax,
      parse: ([cert, key]) => parseIdentity({ cert, key }),
      onChange: (identity) => {
        logger.info({ expires: isoFromUs(identity.expiresUs) }, 'certificate renewed');
        for (const listener of certificate.listeners) listener(identity);
      },
      // Between the writing of the one file and the other they do not belong together; the next look finds them whole.
      onFault: (fault) => logger.warn({ fault }, 'the certificate on disk cannot be used: the one from before stays in force'),
    }).catch((error: unknown) => {
      throw new HindcastError(
        'CONFIG_INVALID',
        `HINDCAST_TLS_CERT_FILE="${certFile}" and HINDCAST_TLS_KEY_FILE="${keyFile}" cannot be used: ${thrownMessage(error)}.`,
        { cause: error },
      );
    });
    const certificate = new Certificate(files);
    health.register('certificate', () => Promise.resolve(certificateHealth(files, nowUs())), { critical: false });
    return certificate;
  }

  get identity(): Identity {
    return this.files.value;
  }

  onRenewed(listener: RenewalListener): void {
    this.listeners.add(listener);
  }

  forGrpc(): grpc.ServerCredentials {
    const listeners = new Map<unknown, RenewalListener>();
    const provider: grpc.experimental.CertificateProvider = {
      addCaCertificateListener: () => undefined,
      removeCaCertificateListener: () => undefined,
      addIdentityCertificateListener: (listener) => {
        const tell: RenewalListener = ({ cert, key }) => listener({ certificate: Buffer.from(cert), privateKey: Buffer.from(key) });
        listeners.set(listener, tell);
        this.listeners.add(tell);
        // The credentials hear of nothing before they have added their own watcher, which they do next.
        process.nextTick(tell, this.identity);
      },
      removeIdentityCertificateListener: (listener) => {
        const tell = listeners.get(listener);
        if (tell) this.listeners.delete(tell);
      },
    };
    return grpc.experimental.createCertificateProviderServerCredentials(provider, null, false);
  }

  close(): void {
    this.files.close();
  }
}

function parseIdentity({ cert, key }: { readonly cert: string; readonly key: string }): Identity {
  createSecureContext({ cert, key });
  return { cert, key, expiresUs: Date.parse(new X509Certificate(cert).validTo) * 1_000 };
}

function certificateHealth({ value: { expiresUs }, fault }: WatchedFiles<Identity>, nowUs: number) {
  const isDue = expiresUs - nowUs < renewalDueUs;
  const detail = fault ?? (isDue ? 'it expires soon: renew it' : undefined);
  return { up: detail === undefined, expires: isoFromUs(expiresUs), ...(detail === undefined ? {} : { detail }) };
}
