const bearer = /^Bearer +(\S+) *$/i;

/** The key that a caller sends: `Authorization: Bearer <key>`, or `x-api-key: <key>`. Never in a URL, which is logged. */
export function presentedKey(header: (name: string) => unknown): string | undefined {
  const authorization = header('authorization');
  const token = typeof authorization === 'string' ? bearer.exec(authorization)?.[1] : undefined;
  const plain = header('x-api-key');
  return token ?? (typeof plain === 'string' && plain !== '' ? plain : undefined);
}

/** What a client of ours sends. */
export function keyHeaders(apiKey: string | undefined): Readonly<Record<string, string>> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}
