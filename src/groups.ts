/** The items by what they have in common, groups in the order of their first item, each in the order of the items. */
export function groupBy<T, Key>(items: Iterable<T>, keyOf: (item: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const item of items) push(groups, keyOf(item), item);
  return groups;
}

/** Adds a value to the list of a key. Does not copy what is there, so that a long list takes time in proportion to its length. */
export function push<T, Key>(groups: Map<Key, T[]>, key: Key, value: T): void {
  const list = groups.get(key);
  if (list) list.push(value);
  else groups.set(key, [value]);
}
