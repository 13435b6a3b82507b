import { usFromIso } from '@hindcast/contracts';
import type { Clock } from '@hindcast/ports';
import type { Services } from '../services.js';

/**
 * The clock of the service, told by the one here. The service refuses to hear that a second is over which its own clock has not
 * reached, so whoever sends must not go by a clock that is ahead of it.
 */
export async function serviceClock(services: Pick<Services, 'ingestTime'>, clock: Clock): Promise<Clock> {
  const serviceUs = usFromIso(await services.ingestTime());
  // Taken behind the answer, which makes the service's clock seem earlier by its way here, and never later.
  const aheadUs = serviceUs === undefined ? 0 : clock.nowUs() - serviceUs;
  return { nowUs: () => clock.nowUs() - aheadUs };
}
