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

export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof HindcastError)) return exitCodes.failed;
  if (awayCodes.has(error.code)) return exitCodes.away;
  return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed;
}

/** One line: the code, what happened, what helps. */
export function errorLine(error: unknown): string {
  if (!(error instanceof HindcastError)) return `hindcast: INTERNAL: ${error instanceof Error ? error.message : String(error)}`;
  const { code, message } = error;
  const help = code === 'UPSTREAM_AWAY' ? 'Start the services with `npm start`.' : usageCodes.has(code) ? '' : errorCodes[code].help;
  return `hindcast: ${code}: ${message}${message === help || help === '' ? '' : ` ${help}`}`;
}
