import { leanFeed, type LeanFeed } from '@hindcast/feeds';
import type { Clock } from '@hindcast/ports';
import type { ExitCode } from '../exit-codes.js';
import { whole } from '../format/quantities.js';
import { parseReplay, replayKey, type ReplayArguments, type ReplayOptions } from '../replay/replay-arguments.js';
import { sendRun } from '../sending/send-run.js';
import { gapsText } from '../sending/summary.js';
import type { Terminal } from '../terminal.js';

/** At N times real time a batch spans this much of the clock at most, so that states come steadily. */
const pacedSpanSeconds = 0.1;

export async function replay(options: ReplayOptions, terminal: Terminal): Promise<ExitCode> {
  const args = parseReplay(options);
  const { restart, speed, waitEmbeddings } = args;
  const open = (startAfterRow: number, clock: Clock): Promise<LeanFeed> => openFeed({ ...args, startAfterRow, clock }, terminal);
  return sendRun({ what: 'replay', key: replayKey(args), restart, speed, waitEmbeddings, open }, terminal);
}

interface Opening extends ReplayArguments {
  readonly startAfterRow: number;
  readonly clock: Clock;
}

async function openFeed(args: Opening, terminal: Terminal): Promise<LeanFeed> {
  const { speed } = args;
  const batchSpanUs = speed === Infinity ? Infinity : speed * pacedSpanSeconds * 1_000_000;
  const feed = await leanFeed({ ...args, batchSpanUs });
  const { files, bytes, gaps } = feed.plan;
  const days = (Date.parse(args.toDay) - Date.parse(args.fromDay)) / 86_400_000 + 1;
  terminal.note(`${whole(files)} files, ${whole(bytes / 1_000_000)} MB unpacked`);
  for (const line of gapsText(gaps, days)) terminal.note(line);
  return feed;
}
