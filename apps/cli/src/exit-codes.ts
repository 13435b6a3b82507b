import { errorCodes, HindcastError } from '@hindcast/contracts';

/** What the process ends with; scripts branch on it. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  away: 3,
  ledger: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes:
  0    done
  1    failed; after status: something needs a person
  2    the command line is wrong
  3    a service or store does not answer
  4    the ledger is not balanced, or the store does not hold what it says
  130  interrupted by Ctrl-C`;

const awayCodes: ReadonlySet<string> = new Set(['UPSTREAM_AWAY', 'STORE_AWAY', 'VECTOR_STORE_AWAY', 'BUS_AWAY', 'SHUTTING_DOWN']);
const usageCodes: ReadonlySet<string> = new Set(['FIELD_INVALID', 'CONFIG_INVALID', 'SQL_INVALID']);
/** The help of these is for whoever sends requests; here they are about an argument or a file, which the message names. */
const saysItAll: ReadonlySet<string> = new Set([...usageCodes, 'BODY_INVALID']);

export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof HindcastError)) return exitCodes.failed;
  if (awayCodes.has(error.code)) return exitCodes.away;
  return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed;
}

/** The code, what happened, what helps. */
export function errorLine(error: unknown): string {
  if (!(error instanceof HindcastError)) return `hindcast: ${ofFileSystem(error) ? '' : 'INTERNAL: '}${wordsOf(error)}`;
  const { code, message } = error;
  if (saysItAll.has(code)) return `hindcast: ${code}: ${message}`;
  const help = code === 'UPSTREAM_AWAY' ? 'Start the services with `npm start`.' : errorCodes[code].help;
  return `hindcast: ${code}: ${message === help ? message : `${sentence(message)} ${help}`}`;
}

/** Node's message begins with the code of the system, as ENOSPC: no fault of ours. */
function ofFileSystem(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
