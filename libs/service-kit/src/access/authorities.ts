import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { HindcastError } from '@hindcast/contracts';
import { thrownMessage } from '../thrown.js';

const pemCertificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Lets every client of this process trust the authorities in a file of certificates too: `fetch`, WebSocket and gRPC
 * alike. CONFIG_INVALID where there is none in it.
 */
export function trustAuthorities(file: string | undefined): void {
  if (file === undefined) return;
  const found = readCertificates(file).match(pemCertificate) ?? [];
  if (found.length === 0) throw new HindcastError('CONFIG_INVALID', `HINDCAST_TLS_CA_FILE="${file}" holds no certificate in PEM.`);
  setDefaultCACertificates([...new Set([...getCACertificates('default'), ...found])]);
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new HindcastError('CONFIG_INVALID', `HINDCAST_TLS_CA_FILE="${file}" cannot be read: ${thrownMessage(error)}.`, { cause: error });
  }
}
