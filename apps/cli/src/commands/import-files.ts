import { join } from 'node:path';
import { FilesFeed, planFiles, ScratchDatabase, type FilesPlan } from '@hindcast/feeds';
import type { Clock } from '@hindcast/ports';
import { loadCliConfig } from '../config.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { ProgressDisplay } from '../format/progress.js';
import { whole } from '../format/quantities.js';
import { importKey, parseImport, type ImportArguments, type ImportOptions } from '../import/import-arguments.js';
import { previewOf, previewText } from '../import/preview.js';
import { RejectsFile } from '../import/rejects-file.js';
import { sendRun } from '../sending/send-run.js';
import type { Terminal } from '../terminal.js';
import { runningConfig } from '../which-runs.js';

export async function importFiles(paths: readonly string[], options: ImportOptions, terminal: Terminal): Promise<ExitCode> {
  const args = parseImport(paths, options);
  // Files may take minutes to read; who runs is asked again, and told, when their rows are sent.
  if (!args.dryRun) await runningConfig({ note: () => undefined });
  const dir = join(loadCliConfig().home, 'imports');
  const scratch = new ScratchDatabase(dir);
  try {
    const plan = await planned(args, scratch, terminal);
    const preview = previewOf(plan);
    if (args.dryRun) {
      terminal.print(terminal.json ? JSON.stringify(preview) : previewText(preview));
      return exitCodes.ok;
    }
    terminal.note(previewText(preview));
    if (!args.yes && terminal.confirm && !(await terminal.confirm('Import these rows?'))) return exitCodes.interrupted;
    return await send(args, plan, { dir, terminal });
  } finally {
    await scratch.close();
  }
}

async function planned({ paths, hints }: ImportArguments, scratch: ScratchDatabase, terminal: Terminal): Promise<FilesPlan> {
  const display = new ProgressDisplay(terminal);
  return planFiles({
    paths,
    hints,
    scratch,
    clock: terminal.clock,
    signal: terminal.signal,
    onProgress: ({ file, files, rows }) => display.waiting(`looking at file ${whole(file)} of ${whole(files)}: ${whole(rows)} rows`),
  });
}

interface Sending {
  readonly dir: string;
  readonly terminal: Terminal;
}

function send(args: ImportArguments, plan: FilesPlan, { dir, terminal }: Sending): Promise<ExitCode> {
  const { batchRows, restart, waitEmbeddings, rejectsPath } = args;
  const key = importKey(plan.key);
  const rejects = new RejectsFile(rejectsPath ?? join(dir, `${key}-rejected.ndjson`));
  const open = (startAfterRow: number, clock: Clock): Promise<FilesFeed> => {
    const feed = new FilesFeed(plan, { batchRows, clock });
    feed.resume({ rows: startAfterRow });
    return Promise.resolve(feed);
  };
  return sendRun(
    {
      what: 'import',
      key,
      restart,
      speed: Infinity,
      waitEmbeddings,
      open,
      begin: (start) => rejects.begin(start),
      onAcknowledged: (batch, ack) => rejects.add(batch, ack),
      besideBytes: () => rejects.bytes,
      closing: () => closingLines(rejects),
    },
    terminal,
  );
}

function closingLines({ rows, unlisted, path }: RejectsFile): readonly string[] {
  return [
    ...(rows > 0 ? [`${whole(rows)} rejected rows, each with its reason, file and line: ${path}`] : []),
    ...(unlisted > 0 ? [`${whole(unlisted)} further rows were rejected for what only the service knows; they rest in rejected_ticks`] : []),
  ];
}
