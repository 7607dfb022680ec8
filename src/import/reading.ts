import { isObject, type JsonObject } from '../manifest/manifest';

/** Why an object cannot be written with a construct: a field that no property of the construct says. */
export class Unsaid extends Error {
  constructor(readonly field: string) {
    super(field);
  }
}

/**
 * Reads an object field by field and notices what was not read, so that nothing that a manifest says gets lost on the way into
 * properties. Every function throws {@link Unsaid} for a field that is there and is of another type.
 */
export interface Reading {
  /** Path of the object, for messages. */
  readonly path: string;
  text(key: string): string | undefined;
  number(key: string): number | undefined;
  /** A number or a text, as a text. */
  quantity(key: string): string | undefined;
  /** @returns empty where it is not there */
  list(key: string): readonly unknown[];
  /** A list of text. @returns undefined where it is not there */
  words(key: string): readonly string[] | undefined;
  /** A map from text to text. */
  texts(key: string): Readonly<Record<string, string>> | undefined;
  /** An object within, to be read and closed by itself. */
  within(key: string): Reading | undefined;
  /** Objects within a list. */
  each(key: string): readonly Reading[];
  /** Reads a field that may have only the values that the construct, or the hardening, gives it anyway. */
  expect(key: string, ...values: readonly unknown[]): void;
  /** @throws Unsaid when there is a field that was not read. */
  close(): void;
}

/** Begins to read an object. */
export function readingOf(object: JsonObject, path = ''): Reading {
  const read = new Set<string>();
  const pathOf = (key: string) => (path === '' ? key : `${path}.${key}`);
  const typed = <Type>(key: string, isType: (value: unknown) => value is Type): Type | undefined => {
    read.add(key);
    const value = object[key];
    if (value === undefined || isType(value)) return value;
    throw new Unsaid(pathOf(key));
  };
  const list = (key: string) => typed(key, isList) ?? [];
  return {
    path,
    text: (key) => typed(key, isText),
    number: (key) => typed(key, (value): value is number => typeof value === 'number'),
    quantity: (key) => {
      const value = typed(
        key,
        (given): given is string | number => isText(given) || typeof given === 'number',
      );
      return value === undefined ? undefined : String(value);
    },
    list,
    words: (key) => typed(key, (value): value is string[] => isList(value) && value.every(isText)),
    texts: (key) =>
      typed(
        key,
        (value): value is Record<string, string> => isObject(value) && Object.values(value).every(isText),
      ),
    within: (key) => {
      const value = typed(key, isObject);
      return value && readingOf(value, pathOf(key));
    },
    each: (key) =>
      list(key).map((value, index) => {
        if (!isObject(value)) throw new Unsaid(pathOf(key));
        return readingOf(value, `${pathOf(key)}[${index}]`);
      }),
    expect: (key, ...values) => {
      read.add(key);
      const value = object[key];
      if (value !== undefined && !values.includes(value)) throw new Unsaid(pathOf(key));
    },
    close: () => {
      const rest = Object.keys(object).find((key) => !read.has(key));
      if (rest !== undefined) throw new Unsaid(pathOf(rest));
    },
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
