/** QuestDB from its Maven artifact: found, installed, started. `pom.xml` beside this file has the coordinates. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache-folder.mjs';
import { canInstallPackages, findExecutable, installPackages, wordsOf } from './executables.mjs';
import { loopback } from './ports.mjs';
import { ensureSecrets, questDbReader, questDbUser, readSecret, withCredentials } from './secrets.mjs';
import { startProcess, waitUntilReady } from './server-process.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const pomFile = join(here, 'pom.xml');
const configurationFolder = join(here, '../../infra/questdb');

export const questDbVersion = versionIn(readFileSync(pomFile, 'utf8'));

/** Starting takes 3 to 7 s on an idle machine; a loaded one, or many tables, may take much longer. */
const readyBoundMs = 120_000;
const stopBoundMs = 30_000;
const mavenTimeoutMs = 300_000;

/**
 * @typedef {{ java: string, jar: string }} QuestDbInstallation
 * @typedef {{ missing: string }} Missing a sentence that says what is missing and what to install
 */

/**
 * Only looks; takes about a millisecond.
 * @returns {QuestDbInstallation | Missing}
 */
export function findQuestDb() {
  const java = findExecutable(['java']);
  if (java === undefined)
    return { missing: 'QuestDB needs Java 17 or newer on the PATH (Debian: apt-get install openjdk-17-jre-headless)' };
  const jar = [standardJar(), recordedJar()].find((file) => file !== undefined && existsSync(file));
  if (jar === undefined) return { missing: `QuestDB ${questDbVersion} is not in the local Maven repository yet (npm run setup)` };
  return { java, jar };
}

/**
 * Finds QuestDB, and has Maven fetch it where it is not there yet.
 * @param {{ log: (line: string) => void }} options
 * @returns {QuestDbInstallation | Missing}
 */
export function installQuestDb({ log }) {
  const found = findQuestDb();
  if ('jar' in found) return found;
  const packages = [...(findExecutable(['java']) ? [] : ['default-jre-headless']), ...(findExecutable(['mvn']) ? [] : ['maven'])];
  if (packages.length > 0) {
    if (!canInstallPackages())
      return { missing: `QuestDB needs Java 17 or newer and Maven on the PATH; install ${packages.join(' and ')}` };
    log(`installing ${packages.join(' and ')} from Debian's packages`);
    try {
      installPackages(packages);
    } catch (error) {
      return { missing: `QuestDB needs ${packages.join(' and ')}, and apt-get failed: ${wordsOf(error)}` };
    }
  }
  log(`fetching QuestDB ${questDbVersion} with Maven`);
  try {
    fetchWithMaven();
  } catch (error) {
    return { missing: `Maven could not fetch org.questdb:questdb:${questDbVersion}: ${wordsOf(error)}` };
  }
  return findQuestDb();
}

/** Maven writes where it put the jar, because a local repository may be anywhere; the answer is kept for the next look. */
function fetchWithMaven() {
  mkdirSync(dirname(recordFile()), { recursive: true });
  const options = { encoding: /** @type {const} */ ('utf8'), timeout: mavenTimeoutMs, cwd: here };
  execFileSync('mvn', ['-q', '-B', '-f', pomFile, 'dependency:build-classpath', `-Dmdep.outputFile=${recordFile()}`], options);
}

function standardJar() {
  return join(homedir(), '.m2/repository/org/questdb/questdb', questDbVersion, `questdb-${questDbVersion}.jar`);
}

function recordedJar() {
  return existsSync(recordFile()) ? readFileSync(recordFile(), 'utf8').trim() : undefined;
}

function recordFile() {
  return join(cacheFolder(process.env), `questdb-${questDbVersion}.path`);
}

/** @param {string} pom */
function versionIn(pom) {
  const version = /<artifactId>questdb<\/artifactId>\s*<version>([^<]+)<\/version>/.exec(pom)?.[1];
  if (version === undefined) throw new Error(`${pomFile} names no version of org.questdb:questdb`);
  return version;
}

/**
 * @typedef {object} QuestDbOptions
 * @property {string} dir its data, configuration and log; made where it is missing
 * @property {{ http: number, pg: number, min: number }} ports
 * @property {{ questDb: string, questDbReader: string }} secrets files with the passwords of the one who writes and the one who reads
 * @property {Readonly<Record<string, string>>} [settings] keys of server.conf, such as `cairo.commit.mode`
 * @property {number} [heapMb] QuestDB keeps its data outside of Java's heap; 1,024 by default
 * @property {(line: string) => void} [onLine]
 * @property {NodeJS.Signals} [parentDeathSignal]
 */

/**
 * The command that runs QuestDB in `dir`, after writing our configuration there.
 * @param {QuestDbInstallation} installation
 * @param {QuestDbOptions} options
 * @returns {import('./server-process.mjs').ServerCommand}
 */
export function questDbCommand({ java, jar }, { dir, ports, secrets, settings = {}, heapMb = 1024, onLine, parentDeathSignal }) {
  const temporary = join(dir, 'tmp');
  mkdirSync(join(dir, 'conf'), { recursive: true });
  for (const file of ['server.conf', 'log.conf']) copyFileSync(join(configurationFolder, file), join(dir, 'conf', file));
  // The native libraries are unpacked here at each start, and a killed server leaves them behind.
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  const bound = {
    'http.net.bind.to': `${loopback}:${ports.http}`,
    'pg.net.bind.to': `${loopback}:${ports.pg}`,
    'http.min.net.bind.to': `${loopback}:${ports.min}`,
  };
  return {
    name: 'questdb',
    command: java,
    args: [
      `-Xmx${heapMb}m`,
      '-XX:+ExitOnOutOfMemoryError',
      '-XX:-UsePerfData',
      `-Djava.io.tmpdir=${temporary}`,
      ...['-p', jar, '-m', 'io.questdb/io.questdb.ServerMain'],
      ...['-d', dir],
    ],
    env: questDbEnvironment({ ...bound, ...accessSettings(secrets), ...settings }),
    cwd: dir,
    onLine,
    parentDeathSignal,
  };
}

/** QuestDB reads the passwords from the files itself, and shows them to nobody. @param {QuestDbOptions['secrets']} secrets */
function accessSettings(secrets) {
  return {
    ...questDbUsers,
    'http.password.file': secrets.questDb,
    'pg.password.file': secrets.questDb,
    'pg.readonly.password.file': secrets.questDbReader,
  };
}

/** Who may ask: over HTTP and Postgres' wire one user for everything, over the latter another one who may only read. */
export const questDbUsers = Object.freeze({
  'http.user': questDbUser,
  'pg.user': questDbUser,
  'pg.readonly.user.enabled': 'true',
  'pg.readonly.user': questDbReader,
});

/**
 * Every key of server.conf is also an environment variable, which wins.
 * @param {Readonly<Record<string, string>>} settings
 */
export function questDbEnvironment(settings) {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [`QDB_${key.toUpperCase().replaceAll('.', '_')}`, value]));
}

/**
 * `fetch` refuses a URL with a password in it: here it becomes the header that it means.
 * @param {string} url of the server, with user and password where it wants them
 * @param {string} path
 * @param {RequestInit} [init]
 */
export function fetchQuestDb(url, path, init) {
  const { origin, username, password } = new URL(url);
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return fetch(`${origin}${path}`, { ...init, headers: { ...init?.headers, ...(username && { authorization: `Basic ${credentials}` }) } });
}

/**
 * Undefined once statements are answered; `/ping` alone answers earlier, and to everybody.
 * @param {string} url
 */
export async function whyQuestDbIsNotReady(url) {
  const response = await fetchQuestDb(url, '/exec?query=select%201', { signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
  if (response.status === 401) return 'QuestDB refuses the password: another process may have its port';
  return response.ok ? undefined : `QuestDB answers with status ${response.status}`;
}

/**
 * Starts QuestDB with passwords of its own, in its folder, and resolves once it answers statements.
 * @param {QuestDbInstallation} installation
 * @param {Omit<QuestDbOptions, 'secrets'>} options
 */
export async function launchQuestDb(installation, options) {
  const secrets = ensureSecrets(options.dir);
  const address = `http://${loopback}:${options.ports.http}`;
  const url = withCredentials(address, { user: questDbUser, password: readSecret(secrets.questDb) });
  const server = await startProcess(questDbCommand(installation, { ...options, secrets }));
  try {
    await waitUntilReady(server, { whyNotReady: () => whyQuestDbIsNotReady(url), boundMs: readyBoundMs });
  } catch (error) {
    await server.kill();
    throw error;
  }
  return { url, pid: server.pid, exited: server.exited, stop: () => server.stop({ boundMs: stopBoundMs }), kill: server.kill };
}
