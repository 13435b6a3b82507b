import type { Command } from 'commander';
import { showing, type AddCommand, type AskFor, type Json } from './command-line.js';
import type { BuildMemoryOptions, FitMemoryOptions } from './commands/memory.js';
import type { ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** `hindcast memory` and what is below it. */
export function addMemory(command: AddCommand, program: Command, asked: AskFor): void {
  const load = () => import('./commands/memory.js');
  const memory = showing(
    command(program, 'memory', "the market's memories: what there is, which one is asked, how far it is kept up"),
    asked(async (_options, terminal) => (await load()).showMemories(terminal)),
  ).addHelpText('after', '\nExamples:\n  hindcast memory\n  hindcast memory --json');
  command(memory, 'fit', 'learn a new memory from stored days: how moments are compared, and how wide its bands are')
    .argument('<id>', 'what it is to be called: a-z, 0-9, dot, dash, underscore')
    .requiredOption('--from <time>', 'a day or a time, ISO 8601, UTC')
    .requiredOption('--to <time>', 'a day, included, or a time, not included; nothing later is looked at')
    .option('--symbols <list>', 'learn from these symbols only, with commas between')
    .option('--interval <length>', 'between two moments of the memory, as 10s or 1m')
    .option('--horizons <list>', 'how far ahead it looks: 1m to 240m, 1h to 4h, end_of_day, next_day')
    .option('--search <kind>', 'keep the usual weights, or dropping: look for components that are better left out')
    .option('--detach', 'do not wait for the end')
    .addHelpText('after', '\nCtrl-C stops it.\n\nExample:\n  hindcast memory fit mine --from 2013-10-07 --to 2013-10-08 --interval 10s')
    .action((id: string, options: FitMemoryOptions & Json) =>
      asked<FitMemoryOptions & Json>(async (given, terminal) => (await load()).fitMemory(id, given, terminal))(options),
    );
  command(memory, 'build', 'fill a memory from stored trades; days that are whole in it are skipped')
    .argument('<id>', 'as `hindcast memory` lists it')
    .option('--from <time>', 'from this day on; all that is stored where nothing is said')
    .option('--to <time>', 'a day, included, or a time')
    .option('--symbols <list>', 'these symbols only, with commas between')
    .option('--no-measure', 'leave its skill as it is; else it is measured anew at the end')
    .option('--detach', 'do not wait for the end')
    .addHelpText(
      'after',
      '\nCtrl-C stops it; the same command goes on where it was. The memory in use answers meanwhile.\n\nExample:\n  hindcast memory build mine --from 2013-10-07 --to 2013-10-09',
    )
    .action((id: string, options: BuildMemoryOptions & Json) =>
      asked<BuildMemoryOptions & Json>(async (given, terminal) => (await load()).buildMemory(id, given, terminal))(options),
    );
  const named = (name: string, summary: string, run: (id: string, terminal: Terminal) => Promise<ExitCode>): void => {
    command(memory, name, summary)
      .argument('<id>', 'as `hindcast memory` lists it')
      .addHelpText('after', `\nExample:\n  hindcast memory ${name} mine`)
      .action((id: string, options: Json) => asked<Json>(async (_options, terminal) => run(id, terminal))(options));
  };
  named('use', 'ask this one from here on; the one before stays', async (id, terminal) => (await load()).useMemory(id, terminal));
  named('drop', 'remove a memory with its moments', async (id, terminal) => (await load()).dropMemory(id, terminal));
}
