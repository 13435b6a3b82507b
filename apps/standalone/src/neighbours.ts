import { HindcastError } from '@hindcast/contracts';
import type { PhysicsService } from '@hindcast/market-physics';
import { toPhysicsStateJson } from '@hindcast/physics';
import type { LogFollower } from '@hindcast/ports';
import { allSymbols, type StatesSource } from '@hindcast/state-broadcaster';
import type { TickIngest } from '@hindcast/tick-ingest';
import { InProcessLog } from './in-process-log.js';

interface Services {
  readonly ingest: TickIngest;
  readonly physics: PhysicsService;
}

/** What the services of this process ask of one another, as calls. Whoever asks before all are put together asks again. */
export class Neighbours {
  private services: Services | undefined;
  /** For market-physics. */
  readonly log: LogFollower = new InProcessLog(() => this.require().ingest.log);
  /** For state-broadcaster. */
  readonly states: StatesSource = {
    fetch: async (symbols) => {
      const { states } = this.require().physics;
      const newest = states.newest(symbols.includes(allSymbols) ? undefined : symbols);
      return newest.map((state) => ({ ...toPhysicsStateJson(state) }));
    },
    fetchReplay: async (id, symbols) => {
      const isAll = symbols.length === 0 || symbols.includes(allSymbols);
      const { run, states } = this.require().physics.replays.standing(id, isAll ? undefined : symbols);
      return { run, states: states.map((state) => ({ ...state })) };
    },
  };

  meet(services: Services): void {
    this.services = services;
  }

  private require(): Services {
    if (!this.services) throw new HindcastError('STORE_NOT_READY', 'The services of this process are still being put together.');
    return this.services;
  }
}
