/** What was tried on the recorded days of 2013 and not kept; differences of R2 for five minutes' volatility, leaving one day out. */
export const triedAndNotKept: readonly { readonly tried: string; readonly found: string }[] = [];
