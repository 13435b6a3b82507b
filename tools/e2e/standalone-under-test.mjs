/**
 * The one process that holds every service, in a folder and on ports of its own, and the command line against it. It has
 * nobody who starts it again: whoever kills it here starts it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeExecutable } from '../setup/node-executable.mjs';
import { standalonePorts } from '../stack/services.mjs';
import { projectRoot } from '../stack/settings.mjs';
import { freePortOffset, until } from './hindcast-under-test.mjs';

const cli = join(projectRoot, 'apps/cli/bin/hindcast.mjs');
const service = join(projectRoot, 'apps/standalone/dist/main.js');

export class StandaloneUnderTest {
  #child;
  #said = '';
  #commands = new Set();
  /** Whoever was ended on purpose, perhaps before it was ready: another one takes its place. */
  #wereEnded = new WeakSet();

  constructor({ home, offset, variables }) {
    const own = {
      NODE_OPTIONS: '',
      HINDCAST_HOME: home,
      HINDCAST_PORT_OFFSET: String(offset),
      HINDCAST_LOG_LEVEL: 'warn',
      HINDCAST_FEED: 'none',
    };
    this.home = home;
    /** Where its stores are. */
    this.dataHome = join(home, 'standalone');
    this.url = `http://127.0.0.1:${standalonePorts.http + offset}`;
    this.urls = { tickIngest: this.url, marketData: this.url };
    this.env = { ...process.env, ...own, HINDCAST_TARGET: 'standalone', ...variables };
  }

  /** A fresh folder and free ports; it runs when this resolves. */
  static async start(variables = {}, { home = mkdtempSync(join(tmpdir(), 'hindcast-standalone-')) } = {}) {
    const standalone = new StandaloneUnderTest({ home, offset: await freePortOffset(), variables });
    await standalone.start();
    return standalone;
  }

  async start() {
    this.#said = '';
    const child = spawn(nodeExecutable(), [service], { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.#said += text));
    await until('standalone to be ready', async () => {
      if (this.#wereEnded.has(child)) return true;
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`it ended with ${child.exitCode ?? child.signalCode}:\n${this.#said}`);
      return fetch(`${this.url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  }

  whenReady() {
    return until('standalone to answer', () => this.answers());
  }

  /** True where it answers, whatever it says. */
  answers() {
    return fetch(`${this.url}/health/live`, { signal: AbortSignal.timeout(2_000) }).then(
      () => true,
      () => false,
    );
  }

  /** SIGKILL, and another one in its place; resolves when that is ready. */
  async kill() {
    await this.end('SIGKILL');
    await this.start();
  }

  /** Resolves with its exit code, or the signal that ended it. */
  async end(signal = 'SIGTERM') {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode;
    const ended = once(child, 'exit');
    this.#wereEnded.add(child);
    child.kill(signal);
    const [code, by] = await ended;
    return code ?? by;
  }

  async dispose() {
    for (const command of this.#commands) command.kill('SIGKILL');
    await this.end('SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
    return [];
  }

  /** Starts a command of `hindcast`; `ended` resolves with its exit code and what it printed. */
  command(args) {
    const child = spawn(nodeExecutable(), [cli, ...args], { cwd: projectRoot, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#commands.add(child);
    const printed = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => (printed[stream] += text));
    const ended = once(child, 'close').then(([code, signal]) => {
      this.#commands.delete(child);
      return { code: code ?? signal, ...printed };
    });
    return { signal: (name) => child.kill(name), said: () => printed.stderr, ended };
  }

  /** Runs a command with `--json` and returns its answer; any exit code but 0 is an error that says what it printed. */
  async json(args) {
    const { code, stdout, stderr } = await this.command([...args, '--json']).ended;
    if (code !== 0) throw new Error(`hindcast ${args.join(' ')} ended with exit code ${code}:\n${stdout}\n${stderr}`);
    return JSON.parse(stdout);
  }

  /** The files of its instruments. */
  storeFiles() {
    const names = readdirSync(join(this.dataHome, 'data'), { recursive: true, encoding: 'utf8' });
    return names.filter((name) => name.endsWith('trading.duckdb')).map((name) => join(this.dataHome, 'data', name));
  }
}
