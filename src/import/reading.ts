import { isObject, type JsonObject } from '../manifest/manifest';

/** Why an object cannot be written with a construct: a field that no property of the construct says. */
export class Unsaid extends Error {
  constructor(
    readonly field: string,
    /** Why, in words. */
    readonly because = `no property of a construct says ${field}`,
  ) {
    super(because);
  }
}

/** What no property says, and is put into the rendered object instead (RFC 6902). */
export interface Patch {
  readonly op: 'add' | 'remove';
  /** JSON pointer (RFC 6901). */
  readonly path: string;
  readonly value?: unknown;
}

/**
 * Reads an object field by field and notices what was not read, so that nothing that a manifest says gets lost on the way into
 * properties. A field that is there and is of another type, or that nobody reads, is left to a patch; where there are none,
 * {@link Unsaid} is thrown.
 */
export interface Reading {
  /** Path of the object, for messages. */
  readonly path: string;
  text(key: string): string | undefined;
  number(key: string): number | undefined;
  flag(key: string): boolean | undefined;
  /** A number or a text, as a text. */
  quantity(key: string): string | undefined;
  /** A number or a text, as it is. */
  numberOrText(key: string): number | string | undefined;
  /** @returns empty where it is not there */
  list(key: string): readonly unknown[];
  /** A list of text. @returns undefined where it is not there */
  words(key: string): readonly string[] | undefined;
  /** A map from text to text. */
  texts(key: string): Readonly<Record<string, string>> | undefined;
  /** An object within, to be read and closed by itself. */
  within(key: string): Reading | undefined;
  /** An object within that has to be there. @throws Unsaid where it is not */
  needed(key: string): Reading;
  /** Objects within a list. */
  each(key: string): readonly Reading[];
  /** Reads a field that may have only the values that the construct, or the hardening, gives it anyway. */
  expect(key: string, ...values: readonly unknown[]): void;
  /** Reads a field that is left to a patch as a whole where anything in it cannot be said. */
  attempt<Result>(key: string, read: (strict: Reading) => Result): Result | undefined;
  /** Leaves a field to a patch. */
  leave(key: string): void;
  /** Leaves entries of a list to patches. @param hasOthers Whether the construct writes some of its own. */
  leaveEntries(key: string, entries: readonly unknown[], hasOthers: boolean): void;
  /** Leaves every field that was not read to a patch. */
  close(): void;
}

/** Begins to read an object. @param patches What becomes of the rest. @default none: {@link Unsaid} is thrown */
export function readingOf(object: JsonObject, patches?: Patch[]): Reading {
  return reader(object, { path: '', pointer: '', patches });
}

interface Place {
  readonly path: string;
  readonly pointer: string;
  readonly patches: Patch[] | undefined;
}

function reader(object: JsonObject, place: Place): Reading {
  const read = new Set<string>();
  const { path, patches } = place;
  const pathOf = (key: string) => (path === '' ? key : `${path}.${key}`);
  const leave = (key: string) => {
    read.add(key);
    if (object[key] === undefined || saysNothing(key, object[key])) return;
    if (!patches) throw new Unsaid(pathOf(key));
    patches.push({ op: 'add', path: `${place.pointer}/${escaped(key)}`, value: object[key] });
  };
  const typed = <Type>(key: string, isType: (value: unknown) => value is Type): Type | undefined => {
    read.add(key);
    const value = object[key];
    if (value === undefined || isType(value)) return value;
    leave(key);
    return undefined;
  };
  const within = (key: string, value: JsonObject) =>
    reader(value, { path: pathOf(key), pointer: `${place.pointer}/${escaped(key)}`, patches });
  const list = (key: string) => typed(key, isList) ?? [];
  return {
    path,
    text: (key) => typed(key, isText),
    number: (key) => typed(key, (value): value is number => typeof value === 'number'),
    flag: (key) => typed(key, (value): value is boolean => typeof value === 'boolean'),
    quantity: (key) => {
      const value = typed(key, isNumberOrText);
      return value === undefined ? undefined : String(value);
    },
    numberOrText: (key) => typed(key, isNumberOrText),
    list,
    words: (key) => typed(key, (value): value is string[] => isList(value) && value.every(isText)),
    texts: (key) =>
      typed(
        key,
        (value): value is Record<string, string> => isObject(value) && Object.values(value).every(isText),
      ),
    within: (key) => {
      const value = typed(key, isObject);
      return value && within(key, value);
    },
    needed: (key) => {
      const value = object[key];
      if (!isObject(value)) throw new Unsaid(pathOf(key));
      read.add(key);
      return within(key, value);
    },
    each: (key) => {
      const values = list(key);
      if (!values.every(isObject)) throw new Unsaid(pathOf(key));
      return values.map((value, index) =>
        reader(value, {
          path: `${pathOf(key)}[${index}]`,
          pointer: `${place.pointer}/${escaped(key)}/${index}`,
          patches,
        }),
      );
    },
    expect: (key, ...values) => {
      read.add(key);
      const value = object[key];
      if (value !== undefined && !values.includes(value)) leave(key);
    },
    attempt: (key, attempt) => {
      read.add(key);
      try {
        return attempt(reader(object, { ...place, patches: undefined }));
      } catch (error) {
        if (!(error instanceof Unsaid) || !patches) throw error;
        leave(key);
        return undefined;
      }
    },
    leave,
    leaveEntries: (key, entries, hasOthers) => {
      read.add(key);
      if (entries.length === 0) return;
      if (!patches) throw new Unsaid(pathOf(key));
      const path = `${place.pointer}/${escaped(key)}`;
      if (!hasOthers) patches.push({ op: 'add', path, value: entries });
      else patches.push(...entries.map((value): Patch => ({ op: 'add', path: `${path}/-`, value })));
    },
    close: () =>
      Object.keys(object)
        .filter((key) => !read.has(key))
        .forEach(leave),
  };
}

/** Charts leave lists and objects empty that nobody filled. Of a volume, that is its kind; a selector means all or none. */
function saysNothing(key: string, value: unknown): boolean {
  if (key === 'emptyDir' || /[sS]elector$/.test(key) || typeof value !== 'object' || value === null)
    return false;
  return Object.keys(value).length === 0;
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumberOrText(value: unknown): value is string | number {
  return isText(value) || typeof value === 'number';
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
