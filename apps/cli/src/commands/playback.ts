import { HindcastError, type ReplayReport } from '@hindcast/contracts';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { whole } from '../format/quantities.js';
import { listen, type ReplayMessage } from '../playback/listener.js';
import { keysHelp, moveOfKey } from '../playback/playback-keys.js';
import { parseList } from '../replay/replay-arguments.js';
import { openServices, type Services } from '../services.js';
import type { Terminal } from '../terminal.js';
import { parseSpan } from '../time-arguments.js';
import { runningConfig } from '../which-runs.js';
import { stateLines, watchHeading } from './watch.js';

export interface PlaybackOptions {
  readonly symbols: string;
  readonly from: string;
  readonly to: string;
  readonly speed: string;
  readonly mode: string;
  readonly step?: boolean;
  readonly market?: string;
  readonly name?: string;
}

/** Plays a span of recorded states, and is the one who listens and holds the keys; the replay ends with it. */
export async function playback(options: PlaybackOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.step && terminal.onKey === null) {
    throw new HindcastError('FIELD_INVALID', '--step waits for keys, and here is no terminal to press them: leave it out, or use the API.');
  }
  const request = playbackRequest(options);
  const config = await runningConfig(terminal);
  const services = openServices(config);
  const report = await services.startReplay(request);
  const { signal } = terminal;
  const player = new Player(report, { services, terminal, waitsForKeys: options.step ?? false });
  try {
    // Ctrl-C may have come while the replay was being made.
    signal.throwIfAborted();
    await player.play(config.stateBroadcasterUrl, config.apiKey);
  } finally {
    await services.removeReplay(report.id).catch(() => undefined);
  }
  return signal.aborted ? exitCodes.interrupted : exitCodes.ok;
}

/** The body of `POST /v1/replays`. It waits, so that its first state is heard. FIELD_INVALID. */
export function playbackRequest({ symbols, from, to, speed, mode, market, name }: PlaybackOptions): object {
  if (speed !== 'max' && !(Number(speed) > 0))
    throw new HindcastError('FIELD_INVALID', `--speed ${speed}: allowed is a number above 0, or max.`);
  return {
    symbols: parseList(symbols),
    ...parseSpan({ from, to }),
    mode,
    speed: speed === 'max' ? speed : Number(speed),
    paused: true,
    ...(market === undefined ? {} : { market }),
    ...(name === undefined ? {} : { name }),
  };
}

interface PlayerParts {
  readonly services: Pick<Services, 'moveReplay'>;
  readonly terminal: Terminal;
  readonly waitsForKeys: boolean;
}

class Player {
  private states = 0;
  private missed = 0;
  private hasBegun = false;
  private readonly ending = new AbortController();
  private readonly failure = Promise.withResolvers<never>();
  private moving: Promise<void> = Promise.resolve();

  constructor(
    private report: ReplayReport,
    private readonly parts: PlayerParts,
  ) {}

  async play(url: string, apiKey: string | undefined): Promise<void> {
    const { terminal } = this.parts;
    const { id, symbols, from, to } = this.report;
    terminal.note(`Replay ${id}: ${symbols.join(', ')}, ${from} to ${to}. Others hear it at /v1/stream?replay=${id}.`);
    if (terminal.onKey) terminal.note(`Keys: ${keysHelp}.`);
    if (!terminal.json) terminal.print(watchHeading);
    const release = terminal.onKey?.((key) => this.press(key));
    const failed = this.failure.promise;
    try {
      const signal = AbortSignal.any([terminal.signal, this.ending.signal]);
      await Promise.race([listen({ url, apiKey, id, symbols, signal, heard: (message, text) => this.heard(message, text) }), failed]);
    } finally {
      release?.();
    }
    terminal.note(this.summary());
  }

  private heard(message: ReplayMessage, text: string): boolean {
    const { json, print, note } = this.parts.terminal;
    switch (message.event) {
      case 'SNAPSHOT':
        if (json) print(text);
        else for (const line of stateLines(message)) print(line);
        if (!this.hasBegun && !this.parts.waitsForKeys) this.ask('resume');
        this.hasBegun = true;
        break;
      case 'PHYSICS_UPDATE':
        this.states += 1;
        this.missed += message.missed ?? 0;
        this.report = { ...this.report, position: message.timestamp };
        if (json) print(text);
        else for (const line of stateLines(message)) print(line);
        break;
      case 'REPLAY_CHANGED':
        if (message.state === 'failed') note('  (the replay failed and waits: space goes on)');
        if (message.state === 'removed') return true;
        this.report = { ...this.report, state: message.state, position: message.position, speed: message.speed };
        // With keys at hand one may still go back.
        if (message.state === 'ended' && !this.parts.terminal.onKey) return true;
        break;
      case 'ERROR':
        note(`  (${message.error.code}: ${message.error.message})`);
        break;
      default:
    }
    this.showStanding();
    return false;
  }

  private press(key: string): void {
    const asked = moveOfKey(key, this.report);
    if (asked === 'end') this.ending.abort();
    else if (asked) this.ask(asked.move, asked.body);
  }

  /** One after another, as the keys were pressed. */
  private ask(move: string, body?: object): void {
    const { services } = this.parts;
    this.moving = this.moving.then(async () => {
      try {
        this.report = await services.moveReplay(this.report.id, move, body);
        this.showStanding();
      } catch (error) {
        this.failure.reject(error);
      }
    });
  }

  private showStanding(): void {
    const { state, position, speed } = this.report;
    this.parts.terminal.redraw?.(`${state} at ${position}, ${speed === 'max' ? speed : `${speed}x`}; ${keysHelp}`);
  }

  private summary(): string {
    const passed = this.missed > 0 ? `, ${whole(this.missed)} passed over: this terminal is slower than the replay` : '';
    return `${whole(this.states)} states${passed}.`;
  }
}
