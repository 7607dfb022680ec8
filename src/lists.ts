import { isObject, type JsonObject } from './manifest/manifest';

/** The list, or an empty one for whatever is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The mappings in a list. */
export function objectsOf(value: unknown): JsonObject[] {
  return listOf(value).filter(isObject);
}
