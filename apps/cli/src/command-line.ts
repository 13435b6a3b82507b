import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** What `run` is called with: the command that was asked for, to be given a terminal. */
export interface Asked {
  readonly json: boolean;
  readonly run: (terminal: Terminal) => Promise<ExitCode>;
}

export interface Json {
  json?: boolean;
}

/** What a command shows by its bare name is shown by `list` below it too: people type it. */
export function showing(command: Command, show: (options: Json) => void): Command {
  command.command('list', { hidden: true }).option('--json').action(show);
  return command.action(show);
}

export type AddCommand = (parent: Command, name: string, summary: string) => Command;
export type AskFor = <Options extends Json>(run: (options: Options, terminal: Terminal) => Promise<ExitCode>) => (options: Options) => void;
