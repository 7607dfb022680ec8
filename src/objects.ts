import { isObject } from './manifest/manifest';

/** Whether a value is a JSON object without any member. */
export function isEmptyObject(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}
