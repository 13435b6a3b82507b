import { readFile, stat } from 'node:fs/promises';
import { thrownMessage } from './thrown.js';

export interface WatchedFilesOptions<T> {
  readonly files: readonly string[];
  /** Of one file; a larger one is a fault, and is not read. */
  readonly bytesMax: number;
  /** Texts in the order of `files`; throws where they are not fit for use. */
  readonly parse: (texts: readonly string[]) => T;
  readonly intervalMs?: number;
  readonly onChange?: (value: T) => void;
  /** Said once for each new fault, until the files are good again. */
  readonly onFault?: (fault: string) => void;
}

const defaultIntervalMs = 1_000;

/**
 * Files that may change while the service runs. What was good last stays in force while they are not. They are read
 * again at an interval and compared: an editor that swaps files, a mounted secret and a network folder all look alike
 * this way, and none of them is missed.
 */
export class WatchedFiles<T> {
  private current: T;
  private texts: readonly string[];
  private faultNow: string | undefined;
  private looking: Promise<void> | undefined;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly options: WatchedFilesOptions<T>,
    texts: readonly string[],
  ) {
    this.texts = texts;
    this.current = options.parse(texts);
    this.timer = setInterval(() => void this.look(), options.intervalMs ?? defaultIntervalMs);
    this.timer.unref();
  }

  /** Rejects where the files cannot be read or are not fit for use. */
  static async open<T>(options: WatchedFilesOptions<T>): Promise<WatchedFiles<T>> {
    return new WatchedFiles(options, await readAll(options));
  }

  get value(): T {
    return this.current;
  }

  /** Why the files as they are now are not in force; undefined where they are. */
  get fault(): string | undefined {
    return this.faultNow;
  }

  /** Takes up what the files say now; never rejects. */
  look(): Promise<void> {
    this.looking ??= this.lookOnce().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async lookOnce(): Promise<void> {
    try {
      const texts = await readAll(this.options);
      const isNew = texts.some((text, index) => text !== this.texts[index]);
      if (isNew) {
        this.current = this.options.parse(texts);
        this.texts = texts;
      }
      this.faultNow = undefined;
      if (isNew) this.options.onChange?.(this.current);
    } catch (error) {
      const fault = thrownMessage(error);
      if (fault === this.faultNow) return;
      this.faultNow = fault;
      this.options.onFault?.(fault);
    }
  }
}

function readAll({ files, bytesMax }: { readonly files: readonly string[]; readonly bytesMax: number }): Promise<readonly string[]> {
  return Promise.all(
    files.map(async (file) => {
      const { size } = await stat(file);
      if (size > bytesMax) throw new Error(`${file} has ${size} bytes, at most ${bytesMax} are read`);
      return readFile(file, 'utf8');
    }),
  );
}
