/** `a, b and 3 more`. */
export function listSome(items: readonly string[], most = 3): string {
  if (items.length === 1) return items[0]!;
  if (items.length <= most) return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
  return `${items.slice(0, most - 1).join(', ')} and ${items.length - most + 1} more`;
}

/** `1 object`, `2 objects`. */
export function counted(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}

/** Signs that are not shown, tabs and ends of lines apart, or that turn the direction of what follows (CVE-2021-42574). */
const INVISIBLE = /[^\P{Cc}\t\n\r]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text in which every sign that is not shown is one that is. */
export function withoutInvisible(text: string): string {
  return text.replace(INVISIBLE, '\ufffd');
}

/**
 * A text as a terminal may show it, in one line. Names are written by whoever writes manifests, who must not move the cursor or
 * colour the terminal of whoever reads them.
 */
export function printable(text: string): string {
  return withoutInvisible(text).replaceAll(/[\t\n\r]+/g, ' ');
}
