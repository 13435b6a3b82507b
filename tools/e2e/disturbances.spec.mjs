import { seededRandom } from '@hindcast/testing';
import { planDisturbances, planText, writers } from './disturbances.mjs';

const planOf = (seed) => planDisturbances({ random: seededRandom(seed), rows: 1_000_000, kills: 50, interrupts: 4 });

describe('a plan of disturbances', () => {
  it('is the same for a seed, and another one for another', () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planText(planOf(7))).not.toBe(planText(planOf(8)));
  });

  it('kills everybody equally often, in the middle of the rows and in their order', () => {
    const plan = planOf(11);
    const kills = plan.filter(({ kind }) => kind === 'kill');
    for (const victim of writers) expect(kills.filter((kill) => kill.victim === victim)).toHaveLength(10);
    expect(plan.map(({ kind }) => kind).filter((kind) => kind !== 'kill')).toHaveLength(4);
    const moments = plan.map(({ afterRows }) => afterRows);
    expect(moments).toEqual(moments.toSorted((a, b) => a - b));
    expect(Math.min(...moments)).toBeGreaterThanOrEqual(20_000);
    expect(Math.max(...moments)).toBeLessThan(900_000);
  });
});
