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

/**
 * Text of others, such as names of live objects, without what a terminal takes for an order (control characters) and what makes
 * text read otherwise than it is written (marks of direction, and what is not seen).
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
