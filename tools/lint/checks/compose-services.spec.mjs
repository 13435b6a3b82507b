import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { treeOfGit } from '../tree.mjs';
import { check } from './compose-services.mjs';

const root = join(import.meta.dirname, '..', '..', '..');
const composeText = readFileSync(join(root, 'docker-compose.yml'), 'utf8');

/** The project's own tree with one word of the file changed. */
function findingsWith(before, after) {
  const tree = treeOfGit(root);
  expect(composeText).toContain(before);
  const changed = composeText.replace(before, after);
  return check({ ...tree, read: (path) => (path === 'docker-compose.yml' ? changed : tree.read(path)) }).map(({ message }) => message);
}

describe('compose services', () => {
  it('has nothing against the file as it is', () => {
    expect(findingsWith('services:', 'services:')).toEqual([]);
  });

  it.each([
    ['apps/market-data/dist/main.js', 'apps/market-date/dist/main.js', 'there is no apps/market-date/src/main.ts'],
    ['tools/servers/container-secrets.mjs', 'tools/setup/ensure.mjs', 'which the image does not hold'],
    ['127.0.0.1:7704:7704', '127.0.0.1:7705:7704', 'publishes 7704 as 7705'],
    ['127.0.0.1:7711:7711', '127.0.0.1:7799:7799', 'does not publish its port 7711'],
    ["container-health.mjs, '7703'", "container-health.mjs, '7723'", 'asks for its health at none of its ports 7703'],
    [
      'tools/stack/container-health.mjs',
      'tools/stack/container-wealth.mjs',
      'healthcheck runs tools/stack/container-wealth.mjs, but there is no',
    ],
    ['HINDCAST_API_KEYS: ${HINDCAST_API_KEYS:-}', 'HINDCAST_API_KEYS: ""', 'HINDCAST_API_KEYS is not passed through'],
    ['${HINDCAST_TLS_CERT_FILE:-}', '${HINDCAST_TLS_CERT_FILE:-/cert.pem}', 'HINDCAST_TLS_CERT_FILE: /cert.pem lies in no volume'],
    ['${HINDCAST_API_KEYS:-}', '${HINDCAST_API_KEYS:-/run/hindcast/access/k}', 'HINDCAST_API_KEYS is set where nobody has set it'],
    ['[*environment, *access, *redis-access]', '[*environment, *redis-access]', 'HINDCAST_API_KEYS is not passed through'],
    [
      '[*read-access, *read-redis-secret]',
      '[*read-redis-secret]',
      'HINDCAST_API_KEYS: /run/hindcast/access/api-keys.json lies in no volume',
    ],
    ['http${HINDCAST_TLS_CERT_FILE:+s}://market-data', 'http://market-data', 'http://market-data:7704 where the doors speak TLS'],
    [
      'http${HINDCAST_TLS_CERT_FILE:+s}://market-data:7704',
      'http${HINDCAST_TLS_CERT_FILE:+s}://market-data:7705',
      'market-data does not listen at 7705',
    ],
    ['http://questdb:7730', 'http://questdb:9000', 'questdb does not listen at 9000'],
    ['redis://redis:7720', 'redis://radish:7720', 'radish is no service of this file'],
    ['redis://redis:7720', 'redis://:hunter2@redis:7720', 'HINDCAST_REDIS_URL is a secret'],
    ['QDB_PG_PASSWORD_FILE: /run/hindcast/questdb/password', 'QDB_PG_PASSWORD: quest', 'QDB_PG_PASSWORD is a secret'],
    ['QDB_PG_PASSWORD_FILE: /run/hindcast', 'QDB_PG_PASSWORD_FILE: /elsewhere', 'lies in no volume of this service'],
    ['./infra/redis/redis.conf', './infra/redis/radish.conf', './infra/redis/radish.conf is not there'],
    ['- questdb-data:', '- questdb-date:', 'questdb-date is not declared'],
    ['QDB_HTTP_NET_BIND_TO: 0.0.0.0:7730', 'QDB_HTTP_NET_BIND_TO: 0.0.0.0:9000', 'which is not a port of its own'],
    ['    mem_limit: 4g\n', '', 'services.questdb: has no mem_limit'],
  ])('finds %s changed to %s', (before, after, message) => {
    const findings = findingsWith(before, after);
    expect(findings).not.toEqual([]);
    for (const finding of findings.slice(0, 1)) expect(finding).toContain(message);
  });
});
