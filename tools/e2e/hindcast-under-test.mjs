/**
 * A whole Hindcast as its user has it: the stack that `npm run stack` runs, in a folder and on ports of its own, and the
 * command line against it. What is started here is always ended, and it can be asked whether anything was left behind.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { basePorts, isPortFree } from '../servers/ports.mjs';
import { whyQuestDbIsNotReady } from '../servers/questdb.mjs';
import { whyRedisIsNotReady } from '../servers/redis.mjs';
import { ensureSecrets } from '../servers/secrets.mjs';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { isRunning, readRunFile, runningMembers, supervisorName } from '../stack/run-files.mjs';
import { services, standalonePorts } from '../stack/services.mjs';
import { accessTo, foldersOf, projectRoot, readSettings } from '../stack/settings.mjs';
import { stackStatus } from '../stack/status.mjs';

const cli = join(projectRoot, 'apps/cli/bin/hindcast.mjs');
const pollMs = 50;

/** Below the ports that systems hand out by themselves, and in steps that let stacks of several runs lie side by side. */
const offsets = { first: 1_000, last: 24_000, step: 100 };

/** Some offset with which nobody listens on any port of ours; where the search begins differs from process to process. */
export async function freePortOffset() {
  const doors = services.flatMap(({ httpPort, grpcPort }) => [httpPort, grpcPort]).filter((port) => port !== undefined);
  const ports = [...Object.values(basePorts), ...Object.values(standalonePorts), ...doors];
  const candidates = (offsets.last - offsets.first) / offsets.step;
  for (let n = 0; n < candidates; n++) {
    const offset = offsets.first + ((process.pid * 7 + n) % candidates) * offsets.step;
    const free = await Promise.all(ports.map((port) => isPortFree(port + offset)));
    if (free.every(Boolean)) return offset;
  }
  throw new Error('no port offset is free');
}

/** Waits until the condition gives something; the bound is there to say what was waited for, not to measure. */
export async function until(what, condition, { boundMs = 180_000 } = {}) {
  const deadline = performance.now() + boundMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`waited ${boundMs / 1000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

export class HindcastUnderTest {
  #foreground;
  #members = [];
  #children = new Set();
  #starting;
  #isDisposed = false;

  constructor({ home, settings, env }) {
    this.home = home;
    this.settings = settings;
    this.env = env;
    const [tickIngest, marketPhysics, stateBroadcaster, marketData] = services.map(
      ({ httpPort }) => `127.0.0.1:${httpPort + settings.portOffset}`,
    );
    this.urls = {
      tickIngest: `http://${tickIngest}`,
      marketPhysics: `http://${marketPhysics}`,
      marketData: `http://${marketData}`,
      stream: `http://${stateBroadcaster}/v1/stream`,
      webSocket: `ws://${stateBroadcaster}/v1/stream`,
      // With the passwords, which the stack takes as it finds them.
      ...accessTo(settings),
    };
  }

  /** A fresh folder and free ports; nothing runs yet. `variables` are added to the environment of all that is started. */
  static async create(variables = {}, { home = mkdtempSync(join(tmpdir(), 'hindcast-e2e-')) } = {}) {
    // The command line asks this stack, also while it is down.
    const place = { HINDCAST_HOME: home, HINDCAST_PORT_OFFSET: String(await freePortOffset()), HINDCAST_TARGET: 'stack' };
    // Servers of its own too, whatever the environment names.
    const servers = ['QUESTDB_URL', 'QUESTDB_PASSWORD_FILE', 'REDIS_URL', 'REDIS_PASSWORD_FILE'];
    const own = Object.fromEntries(['NODE_OPTIONS', ...servers.map((name) => `HINDCAST_${name}`)].map((name) => [name, undefined]));
    ensureSecrets(home);
    const settings = readSettings(place);
    const env = { ...process.env, ...own, ...place, ...variables };
    return new HindcastUnderTest({ home, settings, env });
  }

  /** `npm run stack -- --detach`; resolves when all is ready, with what it printed. */
  async startDetached() {
    if (this.#isDisposed) throw new Error(`the stack in ${this.home} has been disposed of`);
    // A group of its own: Ctrl-C for whoever tests must not end it while its stack is begun and not yet on record.
    this.#starting = this.#ended(this.#spawn(nodeExecutable(), ['tools/stack/start.mjs', '--detach'], { detached: true }));
    const { code, stdout, stderr } = await this.#starting;
    if (code !== 0) throw new Error(`the stack did not start, exit code ${code}:\n${stdout}\n${stderr}`);
    this.#remember();
    return stdout;
  }

  /** `npm run stack` as in a terminal: a process group of its own, which `interrupt` reaches as Ctrl-C does. */
  async startForeground() {
    const child = this.#spawn('npm', ['run', 'stack'], { detached: true });
    const ended = this.#ended(child);
    this.#foreground = { child, ended };
    let printed = '';
    child.stdout.on('data', (chunk) => (printed += chunk));
    const ready = until('npm run stack to be ready', async () => child.exitCode !== null || printed.includes('Ctrl-C stops everything'), {
      boundMs: 300_000,
    });
    await ready;
    if (child.exitCode !== null) throw new Error(`npm run stack ended:\n${(await ended).stdout}\n${(await ended).stderr}`);
    this.#remember();
  }

  /** Ctrl-C: everybody in the terminal's group gets it. Resolves when npm has returned. */
  async interrupt() {
    process.kill(-this.#foreground.child.pid, 'SIGINT');
    const { stdout } = await this.#foreground.ended;
    this.#foreground = undefined;
    return stdout;
  }

  async stop() {
    this.#remember();
    if (this.#foreground) await this.interrupt();
    return this.#ended(this.#spawn(nodeExecutable(), ['tools/stack/stop.mjs']));
  }

  /** Ends what runs and removes the folder; returns the processes that were left after the end, of which there must be none. */
  async dispose() {
    this.#isDisposed = true;
    await this.#starting;
    await this.stop();
    for (const child of this.#children) child.kill('SIGKILL');
    const left = this.processesLeft();
    rmSync(this.home, { recursive: true, force: true });
    return left;
  }

  status() {
    return stackStatus(this.settings);
  }

  async whenReady() {
    await until('all members to be ready', async () => (await this.status()).members.every(({ health }) => health === 'ready'));
    this.#remember();
  }

  /** True where the process is there and answers, whatever it says of those that it needs. */
  async answers(name) {
    const report = await askersOf(this)
      [name]()
      .catch(() => undefined);
    return report !== undefined;
  }

  /** SIGKILL to a server or a service, which the supervisor starts again; resolves when another process has its place. */
  async kill(name) {
    this.#remember();
    const { run } = foldersOf(this.home);
    const { pid } = await this.running(name);
    process.kill(pid, 'SIGKILL');
    await until(`${name} to be started again`, () => (readRunFile(run, name)?.pid ?? pid) !== pid);
    this.#remember();
  }

  /** The record of its process, once there is one. */
  running(name) {
    return until(`${name} to run`, () => readRunFile(foldersOf(this.home).run, name));
  }

  /** A signal to one member, as SIGSTOP. */
  async signal(name, signal) {
    const { pid } = await this.running(name);
    process.kill(pid, signal);
  }

  /** Nobody gets up again: whatever the supervisor starts in this place is killed at once, until `over` resolves. */
  async keepDown(name, over) {
    const { run } = foldersOf(this.home);
    let isOver = false;
    void over.finally(() => (isOver = true));
    await until(
      `${name} to be left alone`,
      () => {
        const record = readRunFile(run, name);
        if (!isOver && record) process.kill(record.pid, 'SIGKILL');
        return isOver;
      },
      { boundMs: 600_000 },
    );
  }

  /** Starts a command of `hindcast`; `ended` resolves with its exit code and what it printed. */
  command(args) {
    const child = this.#spawn(nodeExecutable(), [cli, ...args]);
    const said = [];
    child.stderr.on('data', (text) => said.push(text));
    return { signal: (name) => child.kill(name), said: () => said.join(''), ended: this.#ended(child) };
  }

  /** Runs a command with `--json` and returns its answer; any exit code but 0 is an error that says what it printed. */
  async json(args) {
    const { code, stdout, stderr } = await this.command([...args, '--json']).ended;
    if (code !== 0) throw new Error(`hindcast ${args.join(' ')} ended with exit code ${code}:\n${stdout}\n${stderr}`);
    return JSON.parse(stdout);
  }

  /** What still runs of everything that was ever seen to run here, and whoever else carries this folder in its environment. */
  processesLeft() {
    const recorded = this.#members.filter(isRunning).map(({ name, pid }) => `${name}, pid ${pid}`);
    return [...new Set([...recorded, ...processesWith(`HINDCAST_HOME=${this.home}`)])];
  }

  #remember() {
    const { run } = foldersOf(this.home);
    this.#members.push(...[readRunFile(run, supervisorName), ...runningMembers(run)].filter((record) => record !== undefined));
  }

  #spawn(command, args, options = {}) {
    const child = spawn(command, args, { cwd: projectRoot, env: this.env, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  #ended(child) {
    const printed = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (chunk) => (printed[stream] += chunk));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code: code ?? signal, ...printed }));
    });
  }
}

/** How each member is asked for a sign of life; an answer of whatever content is one. */
function askersOf({ settings, urls }) {
  const options = () => ({ signal: AbortSignal.timeout(2_000) });
  const ofServices = services.map(({ name, httpPort }) => [
    name,
    async () => (await fetch(`http://127.0.0.1:${httpPort + settings.portOffset}/health/live`, options())).text(),
  ]);
  return {
    ...Object.fromEntries(ofServices),
    questdb: async () => ((await whyQuestDbIsNotReady(urls.questDb)) === undefined ? true : undefined),
    redis: async () => ((await whyRedisIsNotReady(urls.redis)) === undefined ? true : undefined),
  };
}

/** Processes of this machine with the variable in their environment, where Linux tells. */
function processesWith(variable) {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => textOf(`/proc/${pid}/environ`).split('\0').includes(variable))
    .map((pid) => `${textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}, pid ${pid}`);
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended meanwhile, or is somebody else's.
    return '';
  }
}
