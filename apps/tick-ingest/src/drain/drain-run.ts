import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedBatch } from '@hindcast/market';
import type { TickWriter } from '@hindcast/ports';
import type { DrainReport, DrainSettings } from './drain-messages.js';
import { Drain, type DrainParts } from './drain.js';

/** A drain that has been started. */
export interface DrainRun {
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<void>;
  /** The log was flushed up to this batch. */
  advance(headNumber: number): void;
  /** Lets it end after the pieces on their way. */
  stop(): void;
  /** Ends it as soon as can be; what was on its way may arrive all the same. Resolves when it has ended. */
  cutOff(): Promise<void>;
}

/** What a drain finds where it is started. */
export interface DrainPlace {
  /** A flushed batch, for a drain in this thread; one in another thread reads the log by itself. */
  readonly read: (number: number) => LoggedBatch | undefined;
  readonly onReport: (report: DrainReport) => void;
  /** It has failed, and ends. */
  readonly onFailure: (error: unknown) => void;
}

/** Starts a drain into the store that this function knows, in the thread that it chooses. */
export type StartDrain = (settings: DrainSettings, place: DrainPlace) => DrainRun;

/** A drain in this thread, for a store that can be written to from here alone. */
export function drainHere(writer: TickWriter): StartDrain {
  return (settings, { read, onReport, onFailure }) => {
    const abort = new AbortController();
    const drain = new Drain({ ...settings, writer, read, ...reporting(onReport) });
    drain.advance(settings.headNumber);
    const ended = drain.run(settings.fromNumber, abort.signal).catch(onFailure);
    return {
      ended,
      advance: (headNumber) => drain.advance(headNumber),
      stop: () => abort.abort(),
      cutOff: () => {
        abort.abort();
        return ended;
      },
    };
  };
}

/** The parts of a drain that are the same in every thread. */
export function reporting(onReport: (report: DrainReport) => void): Pick<DrainParts, 'onProgress' | 'onStatus' | 'nowMs' | 'wait'> {
  return {
    onProgress: (progress, elapsedMs) => onReport({ kind: 'progress', progress, elapsedMs }),
    onStatus: (status) => onReport({ kind: 'status', status }),
    nowMs: () => performance.now(),
    // An aborted wait is a wait that is over.
    wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
  };
}
