import { sideCodes } from './columns.js';
import { barStartUs } from './bars.js';
import { startsAnew } from './sessions.js';

/**
 * The tick rule (Lee and Ready 1991): a trade above the last other price was bought, one below was sold. It remembers
 * the last price and direction, and forgets both where a window of bars starts anew.
 */
export interface TickRule {
  /** Null before the first trade. */
  readonly price: number | null;
  /** A `sideCodes` value: the direction of the last change of price. */
  readonly direction: number;
  readonly barStartUs: number;
}

export const freshTickRule: TickRule = { price: null, direction: sideCodes.none, barStartUs: 0 };

/** The rule after one more trade; its `direction` is the side of that trade where the source gives none. */
export function tickRuleAfter(rule: TickRule, { timeUs, price }: { readonly timeUs: number; readonly price: number }): TickRule {
  const startUs = barStartUs(timeUs);
  if (rule.price === null || startsAnew({ previousStartUs: rule.barStartUs, startUs })) {
    return { price, direction: sideCodes.none, barStartUs: startUs };
  }
  const direction = price > rule.price ? sideCodes.buy : price < rule.price ? sideCodes.sell : rule.direction;
  return { price, direction, barStartUs: startUs };
}
