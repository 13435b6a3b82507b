import { isoFromUs } from '@hindcast/contracts';
import { serviceClock } from './service-clock.js';

it.each([
  ['is ahead of it', 300_000_000],
  ['is behind it', -300_000_000],
])('time is what the service says, where the clock here %s, from when its answer came', async (_title, aheadUs) => {
  let serviceUs = 1_704_067_200_000_000;
  const ingestTime = (): Promise<string> => {
    const told = isoFromUs(serviceUs);
    serviceUs += 40_000;
    return Promise.resolve(told);
  };
  const clock = await serviceClock({ ingestTime }, { nowUs: () => serviceUs + aheadUs });
  expect(serviceUs - clock.nowUs()).toBe(40_000);
  serviceUs += 7_000_000;
  expect(serviceUs - clock.nowUs()).toBe(40_000);
});
