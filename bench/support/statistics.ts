/** The middle of some numbers; of an even count, the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The median of the ratios of two things measured in turns. What slows the machine down for a while slows down both sides of
 * a turn, so this is steadier than the ratio of two medians. Turns in which only one was measured do not count.
 */
export function medianRatio(numerators: readonly number[], denominators: readonly number[]): number {
  const turns = Math.min(numerators.length, denominators.length);
  return median(numerators.slice(0, turns).map((value, turn) => value / denominators[turn]!));
}
