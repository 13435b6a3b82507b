import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** PEM, as HINDCAST_TLS_CERT_FILE and HINDCAST_TLS_KEY_FILE want them. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
}

const tag = { integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, utf8: 0x0c, utcTime: 0x17, sequence: 0x30, set: 0x31 };
const oid = { ecdsaWithSha256: '2a8648ce3d040302', commonName: '550403', subjectAltName: '551d11', basicConstraints: '551d13' };

/**
 * A certificate of this machine that is its own authority, for `localhost` and 127.0.0.1, put together by hand (RFC 5280)
 * so that tests of TLS need neither openssl nor a library of certificates.
 */
export function selfSignedCertificate({ notAfter = new Date('2049-12-31T00:00:00Z') }: { readonly notAfter?: Date } = {}): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const signed = toBeSigned(publicKey, notAfter);
  const signature = sign('sha256', signed, privateKey);
  const certificate = sequence(signed, algorithm(), der(tag.bitString, Buffer.from([0]), signature));
  return { cert: pem(certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

function toBeSigned(publicKey: KeyObject, notAfter: Date): Buffer {
  const serial = randomBytes(8);
  // A name of its own: of two authorities that share one, OpenSSL takes either, and calls the other an impostor.
  const commonName = der(tag.utf8, Buffer.from(`hindcast test ${serial.toString('hex')}`));
  const name = sequence(der(tag.set, sequence(objectId(oid.commonName), commonName)));
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
  const isAuthority = sequence(der(0x01, Buffer.from([0xff])));
  return sequence(
    der(0xa0, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, Buffer.from([1]), serial),
    algorithm(),
    name,
    sequence(time(new Date('2020-01-01T00:00:00Z')), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension(oid.subjectAltName, names), extension(oid.basicConstraints, isAuthority))),
  );
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), der(tag.octetString, value));
}

function algorithm(): Buffer {
  return sequence(objectId(oid.ecdsaWithSha256));
}

function objectId(hex: string): Buffer {
  return der(tag.oid, Buffer.from(hex, 'hex'));
}

/** `yymmddhhmmssZ`, which stands for the years up to 2049. */
function time(date: Date): Buffer {
  return der(tag.utcTime, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(tag.sequence, ...parts);
}

function der(type: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([type, ...length]), content]);
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
