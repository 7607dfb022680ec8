/** How many letters have to be replaced, added or left out to make one text of the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Which of some words is typed but for a letter or two, or for upper and lower case: ` Did you mean get?`, or nothing. */
export function meant(typed: string, words: readonly string[]): string {
  const distance = (word: string) => editDistance(word.toLowerCase(), typed.toLowerCase());
  const [nearest] = [...words].sort((a, b) => distance(a) - distance(b));
  if (nearest === undefined || distance(nearest) > Math.min(2, nearest.length - 2)) return '';
  return ` Did you mean ${nearest}?`;
}
