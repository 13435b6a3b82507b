/**
 * A replay that is not left in peace. Whoever is to be killed must run: where the last death is not over yet, the replay
 * is held (SIGSTOP) until it is, so that every disturbance of the plan meets a replay under way.
 */
import { until } from './hindcast-under-test.mjs';

const awayExitCode = 3;
/** A replay that gives up, because somebody was away just when it began, is begun again, as its user would; so often at most. */
const resumptionsMax = 20;
const boundMs = 900_000;

/** @typedef {import('./disturbances.mjs').Disturbance} Disturbance */

/**
 * Resolves with the summary of the run that came to the end, and those disturbances that met a replay under way.
 * @param {import('./hindcast-under-test.mjs').HindcastUnderTest} stack
 * @param {readonly string[]} args
 * @param {readonly Disturbance[]} plan
 * @param {{ say?: (text: string) => void }} [options]
 */
export async function replayDisturbed(stack, args, plan, { say = () => undefined } = {}) {
  const restarts = [];
  const met = [];
  const replay = new ResumedReplay(stack, args, { say });
  for (const disturbance of plan) {
    const { afterRows, furtherRows, kind, victim } = disturbance;
    let received = await replay.reached(afterRows);
    if (kind === 'kill' && !replay.isOver && !(await stack.answers(victim))) {
      await replay.heldUntil(`${victim} to answer`, () => stack.answers(victim));
      received = await replay.reached(received + furtherRows);
    }
    if (replay.isOver) break;
    met.push(disturbance);
    say(`${received.toLocaleString('en')} rows: ${victim ?? kind}`);
    if (kind === 'kill') restarts.push(stack.kill(victim));
    else replay.disturb(kind === 'interrupt' ? 'SIGINT' : 'SIGKILL');
  }
  const summary = await replay.summary;
  await Promise.all(restarts);
  return { summary, met };
}

/** `hindcast replay`, begun again whenever it was ended or gave up, until it has come to its end. */
export class ResumedReplay {
  isOver = false;
  #stack;
  #args;
  #say;
  #command;
  #ending;
  #received = 0;
  #resumptions = 0;

  constructor(stack, args, { say = () => undefined } = {}) {
    this.#stack = stack;
    this.#args = [...args, '--json'];
    this.#say = say;
    this.summary = this.#run().finally(() => (this.isOver = true));
    // Asked for at the end; a failure before it is told then.
    this.summary.catch(() => undefined);
  }

  /** Resolves with the rows received once they are so many, or once the replay is over. */
  async reached(rows) {
    await until(`${rows} rows received`, async () => this.isOver || (await this.#rowsReceived()) >= rows, { boundMs });
    return this.#received;
  }

  heldUntil(what, condition) {
    return this.heldWhile(() => until(what, condition));
  }

  /** It stands still while something is done. */
  async heldWhile(act) {
    const command = this.#command;
    command.signal('SIGSTOP');
    try {
      await act();
    } finally {
      command.signal('SIGCONT');
    }
  }

  /** What the present run has told its user so far. */
  said() {
    return this.#command.said();
  }

  /** Ends it; it begins again by itself. */
  disturb(signal) {
    this.#ending = signal;
    this.#command.signal(signal);
  }

  async #run() {
    for (;;) {
      this.#command = this.#stack.command(this.#args);
      const { code, stdout, stderr } = await this.#command.ended;
      if (code === 0) return JSON.parse(stdout);
      const wasEnded = this.#ending !== undefined && (code === 130 || code === 'SIGKILL');
      if (!wasEnded && (code !== awayExitCode || ++this.#resumptions > resumptionsMax)) {
        throw new Error(`the replay ended with exit code ${code}:\n${stdout}\n${stderr}`);
      }
      if (!wasEnded) this.#say(`the replay gave up and is begun again: ${stderr.trimEnd().split('\n').at(-1)}`);
      this.#ending = undefined;
      // It asks for the ledger before it sends anything.
      await until('tick-ingest to answer', () => this.#stack.answers('tick-ingest'));
    }
  }

  /** Rows of trades and quotes; what was known before while the service is away. */
  async #rowsReceived() {
    try {
      const { totals } = await (await fetch(`${this.#stack.urls.tickIngest}/v1/ledger`)).json();
      this.#received = totals.trades.received + totals.quotes.received;
    } catch {
      // It may be the one that was killed.
    }
    return this.#received;
  }
}
