/** The stack that `npm run stack` runs, in a folder and on ports of its own, for the benches that measure all of it at once. */
import { serverMembers, serviceMember } from '../stack/members.mjs';
import { runningMembers } from '../stack/run-files.mjs';
import { services } from '../stack/services.mjs';
import { accessTo, foldersOf, readSettings } from '../stack/settings.mjs';
import { migrateStores, startStack } from '../stack/stack.mjs';
import { basePorts, isPortFree, loopback } from '../servers/ports.mjs';

/** Below the ports that systems hand out by themselves. */
const offsets = { first: 1_000, last: 24_000, step: 50 };
const pollMs = 100;

/**
 * @typedef {object} WholeStack
 * @property {string} redisUrl with its password
 * @property {(name: string) => string} httpUrl of a service
 * @property {(name: string) => string} grpcUrl `host:port`
 * @property {() => ReadonlyMap<string, number>} pids of every process, by name
 */

/**
 * @param {import('./undo.mjs').Undo} undo
 * @param {{ only?: readonly string[], variables?: Readonly<Record<string, string>> }} [options] `only` these services, beside the servers
 * @returns {Promise<WholeStack>}
 */
export async function startWholeStack(undo, { only, variables = {} } = {}) {
  const chosen = services.filter(({ name }) => only?.includes(name) ?? true);
  const settings = readSettings({ HINDCAST_HOME: undo.folder(), HINDCAST_PORT_OFFSET: String(await freePortOffset()) });
  const say = { event: () => undefined, progress: () => undefined, line: () => undefined, plain: () => undefined };
  const { signal } = new AbortController();
  const members = chosen.map((service) => withVariables(serviceMember(settings, service), variables));
  const migrate = () => migrateStores({ settings, voice: say, signal });
  const stack = await startStack(
    { servers: serverMembers(settings, say.plain), services: members, migrate },
    { folders: foldersOf(settings.home), restartDelayMaxMs: settings.restartDelayMaxMs, voice: say, signal },
  );
  undo.add(() => stack.stop());
  return {
    redisUrl: accessTo(settings).redis,
    httpUrl: (name) => `http://${loopback}:${serviceNamed(name).httpPort + settings.portOffset}`,
    grpcUrl: (name) => `${loopback}:${(serviceNamed(name).grpcPort ?? 0) + settings.portOffset}`,
    pids: () => new Map(runningMembers(foldersOf(settings.home).run).map((member) => [member.name, member.pid])),
  };
}

/**
 * Waits until everything that the log has is stored, market-physics has folded it, and has embedded what is due. Asked is
 * the log itself: who follows it knows of its head only what it has been told.
 * @param {WholeStack} stack
 * @param {{ boundMs: number }} options
 */
export async function untilPhysicsRests(stack, { boundMs }) {
  const deadlineMs = performance.now() + boundMs;
  for (;;) {
    const [log, progress] = await Promise.all([
      numbersOf(`${stack.httpUrl('tick-ingest')}/v1/ledger`),
      numbersOf(`${stack.httpUrl('market-physics')}/v1/progress`),
    ]);
    const isStored = log.stored_through_number === log.head_number;
    if (isStored && progress.folded_number === log.head_number && progress.embedding_queue === 0) return progress;
    if (performance.now() > deadlineMs) throw new Error(`the stack does not come to rest: ${JSON.stringify({ log, progress })}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** @param {string} url @returns {Promise<Record<string, number>>} */
async function numbersOf(url) {
  const response = await fetch(url);
  return /** @type {Record<string, number>} */ (await response.json());
}

/** @param {string} name */
function serviceNamed(name) {
  const service = services.find((candidate) => candidate.name === name);
  if (service === undefined) throw new Error(`the stack has no ${name}`);
  return service;
}

/**
 * @param {import('../stack/members.mjs').Member} member
 * @param {Readonly<Record<string, string>>} variables
 */
function withVariables(member, variables) {
  return {
    ...member,
    command: (/** @type {(line: string) => void} */ onLine) => {
      const command = member.command(onLine);
      return { ...command, env: { ...command.env, ...variables } };
    },
  };
}

async function freePortOffset() {
  const ports = [
    ...Object.values(basePorts),
    ...services.flatMap(({ httpPort, grpcPort }) => (grpcPort === undefined ? [httpPort] : [httpPort, grpcPort])),
  ];
  const candidates = (offsets.last - offsets.first) / offsets.step;
  for (let n = 0; n < candidates; n++) {
    const offset = offsets.first + ((process.pid * 7 + n) % candidates) * offsets.step;
    const free = await Promise.all(ports.map((port) => isPortFree(port + offset)));
    if (free.every(Boolean)) return offset;
  }
  throw new Error('no port offset is free for a stack');
}
