import { parse } from 'yaml';
import { basePorts } from '../../servers/ports.mjs';
import { services as stackServices } from '../../stack/services.mjs';
import { accessVariables, readCompose } from '../compose/read-compose.mjs';
import { matchesIn } from '../tree.mjs';

/**
 * docker-compose.yml fits what it runs: where no container engine is at hand, a wrong port, path or name shows here and not
 * at the first start.
 */
export const name = 'compose services';

const file = 'docker-compose.yml';

/** The servers' ports by the name of their service. */
const serverPorts = {
  redis: [basePorts.redis],
  questdb: [basePorts.questdbHttp, basePorts.questdbPg, basePorts.questdbMin],
};

export function check(tree) {
  const { open, secured } = readCompose(tree.read(file));
  const messages = new Set([...[open, secured].flatMap((compose) => problemsOf(tree, compose)), ...missingAccess(open, secured)]);
  return [...messages].map((message) => ({ file, message }));
}

function problemsOf(tree, compose) {
  const dockerfile = tree.read('Dockerfile');
  const services = Object.entries(compose.services).map(([service, definition]) => ({ service, ...definition }));
  return [
    ...missingServices(compose),
    ...wrongTargets(tree, compose),
    ...services.flatMap((one) => [
      ...wrongPorts(one),
      ...wrongAddresses(one, compose),
      ...missingEntries(tree, one, dockerfile),
      ...missingMounts(tree, one, compose),
      ...openSecrets(one),
      ...missingBounds(one),
    ]),
  ];
}

/** Every service can be given keys and a certificate, asks its neighbours as they then want it, and has none by itself. */
function missingAccess(open, secured) {
  const variables = Object.entries(accessVariables);
  return stackServices.flatMap(({ name: service }) => {
    const without = open.services[service]?.environment ?? {};
    const given = secured.services[service]?.environment ?? {};
    const neighbours = Object.entries(given).filter(([, value]) => stackServices.some((one) => String(value).includes(`//${one.name}:`)));
    return [
      ...variables.filter(([variable, value]) => given[variable] !== value).map(([variable]) => `${variable} is not passed through`),
      ...variables.filter(([variable]) => without[variable]).map(([variable]) => `${variable} is set where nobody has set it`),
      ...neighbours
        .filter(([, value]) => !value.startsWith('https:'))
        .map(([variable, value]) => `${variable} is ${value} where the doors speak TLS`),
    ].map((problem) => `services.${service}.environment: ${problem}`);
  });
}

/** Each service of the stack, and each server, is there. */
function missingServices({ services }) {
  const wanted = [...stackServices.map(({ name: service }) => service), ...Object.keys(serverPorts)];
  return wanted.filter((service) => !(service in services)).map((service) => `services.${service} is missing`);
}

/** Prometheus asks every service of the stack where it listens. */
function wrongTargets(tree, { services }) {
  const file = 'infra/prometheus/containers.yml';
  if (!('prometheus' in services)) return [];
  const targets = parse(tree.read(file)).scrape_configs.flatMap((job) => job.static_configs.flatMap((one) => one.targets));
  const wanted = stackServices.map(({ name: service, httpPort }) => `${service}:${httpPort}`);
  return wanted.filter((target) => !targets.includes(target)).map((target) => `services.prometheus: ${file} does not ask ${target}`);
}

/** The ports at which a service listens, as the code says; of images of others, those that they publish. */
function portsOf({ service, ports = [] }) {
  const own = stackServices.find((one) => one.name === service);
  if (own) return [own.httpPort, own.grpcPort].filter((port) => port !== undefined);
  return serverPorts[service] ?? ports.map((port) => Number(String(port).split(':').at(-1)));
}

function wrongPorts({ service, ports = [], healthcheck, environment = {} }) {
  const listens = portsOf({ service, ports });
  const published = ports.map((port) => String(port).split(':').slice(-2).map(Number));
  const bound = Object.entries(environment).filter(([variable]) => variable.endsWith('_NET_BIND_TO'));
  return [
    ...published.filter(([host, inside]) => host !== inside).map(([host, inside]) => `publishes ${inside} as ${host}`),
    ...listens.filter((port) => !published.some(([, inside]) => inside === port)).map((port) => `does not publish its port ${port}`),
    ...published.filter(([, inside]) => !listens.includes(inside)).map(([, inside]) => `publishes ${inside}, at which it does not listen`),
    ...bound
      .filter(([, address]) => !listens.includes(Number(address.split(':')[1])))
      .map(([variable, address]) => `${variable} is ${address}, which is not a port of its own`),
    ...(healthcheck && !listens.some((port) => JSON.stringify(healthcheck.test).includes(String(port)))
      ? [`asks for its health at none of its ports ${listens.join(', ')}`]
      : []),
  ].map((problem) => `services.${service}: ${problem}`);
}

/** `http://questdb:7730`: a service of this file, at a port of its own, in a network that both are in. */
function wrongAddresses({ service, environment = {}, networks = ['default'] }, compose) {
  return Object.entries(environment)
    .filter(([variable, value]) => variable.endsWith('_URL') && URL.canParse(value))
    .flatMap(([variable, value]) => {
      const { hostname, port } = new URL(value);
      const target = compose.services[hostname];
      const at = `services.${service}.environment.${variable}`;
      if (target === undefined) return [`${at}: ${hostname} is no service of this file`];
      const problems = portsOf({ service: hostname, ...target }).includes(Number(port))
        ? []
        : [`${at}: ${hostname} does not listen at ${port}`];
      const shared = (target.networks ?? ['default']).some((network) => networks.includes(network));
      // A variable that all services have may name one that this service never asks.
      const asks = !stackServices.some((one) => one.name === hostname) || networks.includes('services');
      return shared || !asks ? problems : [...problems, `${at}: shares no network with ${hostname}`];
    });
}

/** What a command runs was built from a source of ours, and the image takes its folder along. */
function missingEntries(tree, { service, build, command = [], healthcheck }, dockerfile) {
  if (!build) return [];
  return [
    ...entryProblems(tree, { at: `services.${service}.command`, command, dockerfile }),
    ...(healthcheck ? entryProblems(tree, { at: `services.${service}.healthcheck`, command: healthcheck.test, dockerfile }) : []),
  ];
}

function entryProblems(tree, { at, command, dockerfile }) {
  const entry = command.find((word) => /\.m?js$/.test(word));
  if (entry === undefined) return [`${at} runs no file of ours`];
  const source = entry.includes('/dist/') ? entry.replace('/dist/', '/src/').replace(/\.js$/, '.ts') : entry;
  const copied = [...matchesIn(dockerfile, /^COPY --from=build \/app\/(\S+) /g)].some(({ match }) => source.startsWith(`${match[1]}/`));
  return [
    ...(tree.files.includes(source) ? [] : [`${at} runs ${entry}, but there is no ${source}`]),
    ...(copied ? [] : [`${at} runs ${entry}, which the image does not hold`]),
  ];
}

/** Files of the repository that are mounted are there; volumes are declared; files with secrets lie in a mounted volume. */
function missingMounts(tree, { service, volumes = [], environment = {} }, compose) {
  const mounts = volumes.map((volume) => String(volume).split(':'));
  const targets = mounts.map(([, target]) => target);
  return [
    ...mounts
      .filter(
        ([source]) =>
          source.startsWith('./') && !tree.files.some((one) => one === source.slice(2) || one.startsWith(`${source.slice(2)}/`)),
      )
      .map(([source]) => `services.${service}.volumes: ${source} is not there`),
    ...mounts
      .filter(([source]) => !source.startsWith('.') && !(source in (compose.volumes ?? {})))
      .map(([source]) => `services.${service}.volumes: ${source} is not declared`),
    ...Object.entries(environment)
      .filter(([variable, value]) => isFileName(variable, value) && !targets.some((target) => String(value).startsWith(`${target}/`)))
      .map(([variable, value]) => `services.${service}.environment.${variable}: ${value} lies in no volume of this service`),
  ];
}

function isFileName(variable, value) {
  return value !== '' && (variable.endsWith('_FILE') || variable === 'HINDCAST_API_KEYS');
}

/** A password is in a file, never in the environment, where `docker inspect` shows it. */
function openSecrets({ service, environment = {} }) {
  return Object.entries(environment)
    .filter(([variable, value]) => (/PASSWORD|SECRET|TOKEN|_KEY$/.test(variable) && !variable.endsWith('_FILE')) || hasPassword(value))
    .map(([variable]) => `services.${service}.environment.${variable} is a secret: name a file instead`);
}

function hasPassword(value) {
  return URL.canParse(String(value)) && new URL(String(value)).password !== '';
}

/** One container must not take the machine from all others, and gets no right that it does not need. */
function missingBounds({ service, mem_limit: memory, pids_limit: pids, cap_drop: dropped = [], security_opt: options = [] }) {
  return [
    ...(memory ? [] : ['has no mem_limit']),
    ...(pids ? [] : ['has no pids_limit']),
    ...(dropped.includes('ALL') ? [] : ['keeps the capabilities of root']),
    ...(options.includes('no-new-privileges:true') ? [] : ['may gain privileges']),
  ].map((problem) => `services.${service}: ${problem}`);
}
