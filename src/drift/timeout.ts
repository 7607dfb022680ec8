/** Seconds that a comparison may at most try to read a cluster. */
export const LONGEST_TIMEOUT = 86_400;
