import { readCompose } from '../compose/read-compose.mjs';
import { schemaProblems } from '../compose/schema.mjs';

/** docker-compose.yml is valid Compose, and keeps the promises of the project: loopback only, pinned images, health. */
export const name = 'compose file';

const file = 'docker-compose.yml';

export function check(tree) {
  if (!tree.files.includes(file)) return [{ file, message: 'is missing' }];
  const messages = new Set(Object.values(readCompose(tree.read(file))).flatMap(problemsOfFile));
  return [...messages].map((message) => ({ file, message }));
}

function problemsOfFile(compose) {
  const services = Object.entries(compose.services ?? {});
  return [
    ...schemaProblems(compose),
    ...services.flatMap(([service, definition]) => problemsOf(service, definition, compose)),
    ...unusedVolumes(compose, services),
    ...unreadVariables(compose),
  ];
}

/** No more of Compose's interpolation than is checked here. */
function unreadVariables(compose) {
  return [...JSON.stringify(compose).matchAll(/\$\{[^}]*\}?/g)].map(([place]) => `${place} is written in a way that is not checked`);
}

function problemsOf(service, definition, compose) {
  const at = `services.${service}`;
  return [
    ...(definition.ports ?? [])
      .filter((port) => !isLoopback(port))
      .map((port) => `${at}.ports: ${JSON.stringify(port)} is not bound to 127.0.0.1`),
    ...(isPinned(definition) ? [] : [`${at}.image: "${definition.image}" must name a version`]),
    ...(definition.healthcheck || definition.restart === 'no' ? [] : [`${at}: has no healthcheck`]),
    ...(definition.privileged ? [`${at}: is privileged`] : []),
    ...(definition.network_mode === 'host' ? [`${at}: shares the host's network`] : []),
    ...unmetConditions(at, definition, compose),
  ];
}

function isLoopback(port) {
  return typeof port === 'string' ? /^127\.0\.0\.1:[^:]+:[^:]+$/.test(port) : port.host_ip === '127.0.0.1';
}

/** An image of ours is built here; any other has a tag that says which one. */
function isPinned({ image, build }) {
  if (build) return true;
  return /:[^:/\d]*\d[^:/]*$|@sha256:/.test(image ?? '');
}

function unmetConditions(at, definition, compose) {
  const needed = Array.isArray(definition.depends_on) ? {} : (definition.depends_on ?? {});
  return Object.entries(needed)
    .filter(([name, { condition }]) => condition === 'service_healthy' && !compose.services[name]?.healthcheck)
    .map(([name]) => `${at}.depends_on: waits for ${name} to be healthy, which has no healthcheck`);
}

function unusedVolumes(compose, services) {
  const mounted = new Set(
    services.flatMap(([, { volumes = [] }]) =>
      volumes.map((volume) => (typeof volume === 'string' ? volume.split(':')[0] : volume.source)),
    ),
  );
  return Object.keys(compose.volumes ?? {})
    .filter((volume) => !mounted.has(volume))
    .map((volume) => `volumes.${volume} is mounted nowhere`);
}
