import { isObject } from './manifest';

/** A value as text in which the order of keys does not count. */
export function stableText(value: unknown): string {
  return (
    JSON.stringify(value, (_key, one: unknown) =>
      isObject(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one,
    ) ?? 'undefined'
  );
}
