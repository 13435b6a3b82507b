/**
 * A bare number below it is of 1973 or before in microseconds, and of our days in seconds or milliseconds: a door takes
 * none, because nobody has ticks of 1973.
 */
export const bareTimeUsMin = 100_000_000_000_000;
