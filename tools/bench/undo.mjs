import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Whatever a bench made is undone in the reverse order: when its part is over, when it failed, and when somebody stops
 * the run. Servers and folders are what it is for.
 */
export class Undo {
  /** @type {(() => unknown)[]} */
  #steps = [];

  /** @param {() => unknown} step */
  add(step) {
    this.#steps.push(step);
  }

  /** For a part that ends before the whole does; the whole undoes it where that part was broken off. */
  child() {
    const child = new Undo();
    this.add(() => child.all());
    return child;
  }

  /** A new folder for files that nobody needs afterwards. */
  folder() {
    const folder = mkdtempSync(join(tmpdir(), 'hindcast-bench-'));
    const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    // Also where the process ends in the middle.
    process.once('exit', remove);
    this.add(() => {
      process.off('exit', remove);
      remove();
    });
    return folder;
  }

  /** A step that fails does not keep the ones before it from being undone. */
  async all() {
    const failures = [];
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} steps could not be undone`);
  }
}
