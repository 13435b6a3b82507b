/** A replay that is not left in peace: stopped and resumed, and its services killed, once so many rows were received. */
import { until } from './hindcast-under-test.mjs';

const interruptedExitCode = 130;

/**
 * @typedef {object} Disturbance
 * @property {number} afterRows rows that the ledger has received
 * @property {'interrupt' | 'kill'} kind Ctrl-C to the replay, which is then begun again; or SIGKILL to a service
 * @property {string} [service]
 */

/** One of each, at random places in the middle of the rows. */
export function someDisturbances({ rows, random, services }) {
  const kinds = [...services.map((service) => ({ kind: 'kill', service })), { kind: 'interrupt' }];
  return kinds
    .map((kind) => ({ ...kind, afterRows: Math.floor(rows * (0.05 + 0.6 * random())) }))
    .sort((a, b) => a.afterRows - b.afterRows);
}

/** Resolves with the summary of the run that came to the end, and those disturbances that met a replay under way. */
export async function replayDisturbed(stack, args, disturbances) {
  const restarts = [];
  const met = [];
  let command = begin(stack, args);
  for (const disturbance of disturbances) {
    await until(
      `${disturbance.afterRows} rows received`,
      async () => command.hasEnded() || (await rowsReceived(stack)) >= disturbance.afterRows,
    );
    if (command.hasEnded()) break;
    met.push(disturbance);
    if (disturbance.kind === 'kill') restarts.push(stack.kill(disturbance.service));
    else command = await resumed(stack, args, command);
  }
  const { code, stdout, stderr } = await command.ended;
  await Promise.all(restarts);
  if (code !== 0) throw new Error(`the replay ended with exit code ${code}:\n${stdout}\n${stderr}`);
  return { summary: JSON.parse(stdout), met };
}

async function resumed(stack, args, command) {
  command.interrupt();
  const { code, stderr } = await command.ended;
  if (code !== interruptedExitCode) throw new Error(`an interrupted replay ended with exit code ${code}:\n${stderr}`);
  return begin(stack, args);
}

function begin(stack, args) {
  const command = stack.command([...args, '--json']);
  let ended = false;
  void command.ended.then(() => (ended = true));
  return { ...command, hasEnded: () => ended };
}

/** Rows of trades and quotes; none while the service is away. */
async function rowsReceived({ urls }) {
  try {
    const { totals } = await (await fetch(`${urls.tickIngest}/v1/ledger`)).json();
    return totals.trades.received + totals.quotes.received;
  } catch {
    return 0;
  }
}
