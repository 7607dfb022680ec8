/** The items by what they have in common, groups in the order of their first item, each in the order of the items. */
export function groupBy<T, Key>(items: Iterable<T>, keyOf: (item: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const item of items) push(groups, keyOf(item), item);
  return groups;
}

/** Lists by key: a Map, or a WeakMap where what is known of an object must not keep it. */
interface Lists<Key, T> {
  get(key: Key): T[] | undefined;
  set(key: Key, list: T[]): unknown;
}

/** Adds a value to the list of a key. Does not copy what is there, so that a long list takes time in proportion to its length. */
export function push<T, Key>(groups: Lists<Key, T>, key: Key, value: T): void {
  const list = groups.get(key);
  if (list) list.push(value);
  else groups.set(key, [value]);
}
