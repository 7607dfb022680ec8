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
