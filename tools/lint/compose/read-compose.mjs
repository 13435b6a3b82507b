import { parse } from 'yaml';

/**
 * docker-compose.yml as Compose understands it, `${...}` filled in, in the two ways in which it must hold: with nothing set,
 * and with keys and certificates.
 */
export const accessFolder = '/run/hindcast/access';

export const accessVariables = Object.freeze({
  HINDCAST_API_KEYS: `${accessFolder}/api-keys.json`,
  HINDCAST_API_KEY_FILE: `${accessFolder}/services-key`,
  HINDCAST_TLS_CERT_FILE: `${accessFolder}/cert.pem`,
  HINDCAST_TLS_KEY_FILE: `${accessFolder}/key.pem`,
  HINDCAST_TLS_CA_FILE: `${accessFolder}/cert.pem`,
});

export function readCompose(text) {
  const compose = parse(text, { merge: true });
  return { open: interpolated(compose, {}), secured: interpolated(compose, accessVariables) };
}

/** `$$`, `${NAME}`, `${NAME:-default}` and `${NAME:+replacement}`: what of Compose's interpolation the file uses. */
export function interpolated(value, variables) {
  if (typeof value === 'string') return filledIn(value, variables);
  if (Array.isArray(value)) return value.map((entry) => interpolated(entry, variables));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, interpolated(entry, variables)]));
}

const placePattern = /\$(?:\$|\{(\w+)(?::([-+])([^${}]*))?\})/g;

function filledIn(text, variables) {
  return text.replace(placePattern, (place, name, sign, other) => {
    if (place === '$$') return '$';
    const value = variables[name] ?? '';
    if (sign === '+') return value === '' ? '' : other;
    return value === '' ? (other ?? '') : value;
  });
}
