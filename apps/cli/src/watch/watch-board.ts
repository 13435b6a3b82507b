import { HindcastError, isoFromUs } from '@hindcast/contracts';
import { ServiceClient, type BaseConfig } from '@hindcast/service-kit/caller';
import type { Terminal } from '../terminal.js';
import { boardFrame } from './board-frame.js';
import type { FullScreen } from './full-screen.js';
import { MarketBoard, type BoardState } from './market-board.js';
import { parseStreamMessage, refusal, type StreamMessage } from './stream-message.js';

const drawIntervalMs = 250;
/** Quotes and volumes are asked for, because no update says them. */
const lookIntervalMs = 5_000;
/** Instruments whose quotes are asked for: those at the top. */
const quotedMax = 20;
const quoteSpanUs = 10_000_000;

/** The board of `hindcast watch`: takes what the stream says, asks for what it does not, and draws. */
export class WatchBoard {
  readonly #board = new MarketBoard();
  #title: string;

  constructor(
    private readonly where: string,
    private readonly services: BoardServices,
    private readonly terminal: Pick<Terminal, 'clock' | 'sleep'>,
  ) {
    this.#title = `Hindcast at ${where}`;
  }

  /** Throws where the message says that nothing more will come. */
  take(text: string): void {
    const message = parseStreamMessage(text);
    if (message.event === 'ERROR') {
      const { code, message: words } = refusal(message);
      this.#title = `Hindcast at ${this.where}: ${code}, ${words}`;
    } else if (message.event !== 'HEARTBEAT' && message.event !== 'SUBSCRIBED') {
      for (const state of boardStates(message)) this.#board.take(state);
      this.#title = `Hindcast at ${this.where}`;
    }
  }

  /** Until the signal is aborted. */
  async run(screen: FullScreen, signal: AbortSignal): Promise<void> {
    const looking = this.#look(signal);
    while (!signal.aborted) {
      const { width, height, colours } = screen;
      screen.draw(boardFrame(this.#board.rows(), { width, height, colours, nowUs: this.terminal.clock.nowUs(), title: this.#title }));
      // An aborted wait is a wait that is over.
      await this.terminal.sleep(drawIntervalMs, signal).catch(() => undefined);
    }
    await looking;
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // What cannot be had is left out; the stream says itself when it ends.
      await this.#lookOnce(signal).catch((error: unknown) => {
        if (!(error instanceof HindcastError)) throw error;
      });
      await this.terminal.sleep(lookIntervalMs, signal).catch(() => undefined);
    }
  }

  async #lookOnce(signal: AbortSignal): Promise<void> {
    const known = this.#board.rows();
    for (const { volume, symbol, market, timestamp, price, ...rest } of (await this.services.states(signal)).states) {
      if (known.some((row) => row.symbol === symbol && row.market === market))
        this.#board.take({ volume, symbol, market, timestamp, price, ...rest, alpha: rest.alpha_coefficient });
    }
    for (const { symbol, market, timeUs } of known.slice(0, quotedMax)) {
      const quote = await this.services.quote({ symbol, market, fromUs: timeUs - quoteSpanUs }, signal);
      if (quote) this.#board.quote({ symbol, market, ...quote });
    }
  }
}

function boardStates(message: StreamMessage): readonly BoardState[] {
  if (message.event === 'PHYSICS_UPDATE') return [{ ...message, ...message.data }];
  return message.event === 'SNAPSHOT' ? message.states.map((state) => ({ ...state, alpha: state.alpha_coefficient })) : [];
}

type NewestStates = { readonly states: readonly Extract<StreamMessage, { event: 'SNAPSHOT' }>['states'][number][] };
interface Quote {
  readonly bid: number | null;
  readonly ask: number | null;
}

/** What the board asks of services. */
export interface BoardServices {
  states(signal: AbortSignal): Promise<NewestStates>;
  /** The newest quote after a time; undefined where there is none. */
  quote(of: { symbol: string; market: string; fromUs: number }, signal: AbortSignal): Promise<Quote | undefined>;
}

const quotesAtOnce = 5_000;

export function boardServices({ marketPhysicsUrl, marketDataUrl, apiKey }: BaseConfig): BoardServices {
  const physics = new ServiceClient({ name: 'market-physics', baseUrl: marketPhysicsUrl, apiKey });
  const reader = new ServiceClient({ name: 'market-data', baseUrl: marketDataUrl, apiKey });
  return {
    states: (signal) => physics.get('/v1/states', { signal, parse: (body) => body as NewestStates }),
    quote: async ({ symbol, market, fromUs }, signal) => {
      const query = { symbol, market, from: isoFromUs(fromUs), limit: quotesAtOnce };
      const parse = (body: unknown): { readonly quotes: readonly Quote[] } => body as { readonly quotes: readonly Quote[] };
      return (await reader.get('/v1/quotes', { query, signal, parse })).quotes.at(-1);
    },
  };
}
