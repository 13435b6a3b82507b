import { jest } from '@jest/globals';
import { dayUs, usFromIso } from '@hindcast/contracts';
import { momentFlags } from '@hindcast/memory';
import type { TradeRow } from '@hindcast/testing';
import fc from 'fast-check';
import { coin, definition, differences, finished, MemoryWorld, rowsOf, stock, walkedTrades } from './memory.fixture.js';

jest.setTimeout(240_000);

const everything = { memory: definition.id, fromUs: undefined, toUs: undefined, symbols: undefined, measure: false };
const fromUs = usFromIso('2013-10-07')!;
const toUs = usFromIso('2013-10-10T18:00:00Z')!;
const days = [0, 1, 2, 3];
const looksMax = 12;
const follower = fc.record({ isKept: fc.boolean(), restarts: fc.boolean() });
const scenes = [
  { name: 'a stock', trades: walkedTrades({ instrument: stock, fromUs, toUs, seed: 11, secondsBetween: 90, lateShare: 0 }) },
  { name: 'a coin', trades: walkedTrades({ instrument: coin, fromUs, toUs, seed: 12, secondsBetween: 240, lateShare: 0 }) },
  {
    name: 'a coin that hardly trades',
    trades: walkedTrades({ instrument: coin, fromUs, toUs, seed: 13, secondsBetween: 1_200, lateShare: 0 }),
  },
];

/** A market whose days are imported one after another, in any order. */
class ImportedDays {
  readonly world = new MemoryWorld();
  private readonly rows: TradeRow[] = [];
  private newestUs = -Infinity;
  private sequence = 65_536;
  private keeper = this.world.keeper();

  constructor(private readonly trades: readonly TradeRow[]) {}

  /** Whether it came after later ones. */
  isLate(day: number): boolean {
    return fromUs + day * dayUs < this.newestUs;
  }

  import(day: number, { from = 0, to = 1 }: { readonly from?: number; readonly to?: number } = {}): void {
    const late = this.isLate(day);
    const startUs = fromUs + day * dayUs;
    const fresh = this.trades.filter(({ timeUs }) => timeUs >= startUs + from * dayUs && timeUs < startUs + to * dayUs);
    this.rows.push(...fresh.map((row) => ({ ...row, late, sequence: ++this.sequence })));
    this.newestUs = Math.max(this.newestUs, Math.min(toUs, startUs + to * dayUs));
    this.world.show(this.rows, this.newestUs);
  }

  async build(): Promise<void> {
    const jobs = this.world.jobs();
    expect(await finished(jobs, await jobs.startBuild(everything))).toMatchObject({ state: 'done' });
    expect(this.world.failures).toEqual([]);
  }

  async keep({ looks, restarts = false }: { readonly looks: number; readonly restarts?: boolean }): Promise<void> {
    if (restarts) this.keeper = this.world.keeper();
    for (let look = 0; look < looks; look += 1) await this.keeper.look(this.world.keeperStop.signal);
    expect(this.world.failures).toEqual([]);
  }
}

async function started(trades: readonly TradeRow[]): Promise<ImportedDays> {
  const imported = new ImportedDays(trades);
  await imported.world.moments.create(definition);
  await imported.world.moments.use(definition.id);
  return imported;
}

/** Every row, but not whether its trades came late. */
function contents({ world }: ImportedDays): Promise<readonly string[]> {
  return rowsOf(world.moments, { withoutFlags: momentFlags.hindsight });
}

describe.each(scenes)('days of $name', ({ trades }) => {
  let whole: readonly string[];
  beforeAll(async () => {
    const imported = await started(trades);
    for (const day of days) imported.import(day);
    await imported.build();
    whole = await contents(imported);
    expect(whole.length).toBeGreaterThan(500);
    expect(await rowsOf(imported.world.moments)).toEqual(whole);
  });

  it('leave the same moments in whatever order they are imported', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(days, { minLength: days.length }), async (order) => {
        const imported = await started(trades);
        for (const day of order) imported.import(day);
        await imported.build();
        expect(differences(await contents(imported), whole)).toEqual([]);
      }),
      { numRuns: 2 },
    );
  });

  it('leave the same moments where the memory is built and kept up between them, and between two halves of a late one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(days, { minLength: days.length }), follower, async (order, { isKept, restarts }) => {
        const imported = await started(trades);
        const follow = (): Promise<void> => (isKept ? imported.keep({ looks: 3, restarts }) : imported.build());
        for (const day of order) {
          const halves = imported.isLate(day) ? [{ to: 0.7 }, { from: 0.7 }] : [{}];
          for (const half of halves) {
            imported.import(day, half);
            await follow();
          }
        }
        await (isKept ? imported.keep({ looks: looksMax }) : follow());
        expect(differences(await contents(imported), whole)).toEqual([]);
      }),
      {
        numRuns: 2,
        examples: [
          // A day that comes when it is over and not whole yet, and one right before such a day.
          [[0, 1, 3, 2], { isKept: true, restarts: false }],
          [[0, 3, 2, 1], { isKept: true, restarts: false }],
        ],
      },
    );
  });

  it('say that they were imported after later ones, and are made once', async () => {
    const imported = await started(trades);
    for (const day of [0, 2, 3, 1]) imported.import(day);
    await imported.build();
    const all = await imported.world.moments.moments(definition.id, {});
    const flagged = Array.from({ length: all.length }, (_, row) => row).filter((row) => (all.flags[row] & momentFlags.hindsight) !== 0);
    expect(new Set(flagged.map((row) => Math.floor((all.timeUs[row] - fromUs) / dayUs)))).toEqual(
      new Set(trades[0].market === coin.market ? [1, 2] : [1]),
    );
    const jobs = imported.world.jobs();
    const again = await finished(jobs, await jobs.startBuild(everything));
    expect(again.sessions - again.sessions_skipped).toBe(2);
  });
});

it('fills the days that a build of single ones has left out, while it keeps the memory up', async () => {
  const [{ trades }] = scenes;
  const built = async (imported: ImportedDays, day: number): Promise<void> => {
    const jobs = imported.world.jobs();
    const span = { fromUs: fromUs + day * dayUs, toUs: fromUs + (day + 1) * dayUs };
    await finished(jobs, await jobs.startBuild({ ...everything, ...span }));
  };
  const imported = await started(trades);
  for (const day of days) imported.import(day);
  await built(imported, 1);
  await imported.keep({ looks: looksMax });
  const whole = await started(trades);
  for (const day of days) whole.import(day);
  await whole.build();
  expect(differences(await rowsOf(imported.world.moments), await rowsOf(whole.world.moments))).toEqual([]);
  expect(await imported.world.moments.spans(definition.id)).toEqual(await whole.world.moments.spans(definition.id));
});
