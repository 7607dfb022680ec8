import { holdsNull, type JsonObject } from '../../manifest/manifest';
import { COUNT, EACH, PRESENCE, type Read } from './reads';

/** Answers that are kept for one question. */
const LARGEST = 1_000;

/** Of the contexts that came up again, so many are compared with, which is quicker than making the text of another. */
const PICTURES = 4;

/**
 * Answers a question once for all contexts that agree in what it looks at. The pods of a cluster mostly do: they differ in name
 * and image, which few rules read. A question whose contexts hardly ever agree is asked every time, without further ado.
 */
export function remembering<T, Context extends object = Readonly<Record<string, unknown>>>(
  ask: (context: Context) => T,
  reads: readonly Read[],
): (context: Context) => T {
  const answers = new Map<string, T>();
  const pictures: { readonly picture: unknown; readonly answer: T }[] = [];
  const tree = treeOf(reads);
  let remembered = 0;
  let isWorthIt = true;
  return (context) => {
    for (let index = 0; index < pictures.length; index += 1) {
      if (agrees(context, pictures[index]!.picture, tree)) return pictures[index]!.answer;
    }
    const key = isWorthIt ? textAt(context, tree) : undefined;
    if (key === undefined) return ask(context);
    const known = answers.get(key);
    if (known !== undefined) {
      remembered += 1;
      if (pictures.length < PICTURES) pictures.push({ picture: pictureAt(context, tree), answer: known });
      return known;
    }
    const answer = ask(context);
    answers.set(key, answer);
    if (answers.size === LARGEST) {
      isWorthIt = remembered > LARGEST;
      remembered = 0;
      answers.clear();
    }
    return answer;
  };
}

/** Tells whether null stands in some place that is read, or above one; what is nowhere read may hold any. */
export function nullFinder(reads: readonly Read[]): (context: object) => boolean {
  const tree = treeOf(reads);
  return (context) => holdsNullAt(context, tree);
}

function holdsNullAt(value: unknown, place: Place): boolean {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  // Nulls do not count among the items and fields that there are.
  if (place.isCounted || countsWhole(value, place)) return holdsNull(value);
  const { items, fields } = place;
  if (Array.isArray(value)) return items !== undefined && value.some((item) => holdsNullAt(item, items));
  for (const name in value) {
    const field = fields.get(name);
    if (field && holdsNullAt((value as JsonObject)[name], field)) return true;
  }
  return false;
}

/** Reads that begin alike, as a tree: what is missing for one is missing for all below it. */
interface Place {
  /** Whether everything there counts. */
  isWhole: boolean;
  isCounted: boolean;
  items: Place | undefined;
  /** What is read of each field. */
  readonly fields: Map<string, Place>;
}

function newPlace(): Place {
  return { isWhole: false, isCounted: false, items: undefined, fields: new Map() };
}

function treeOf(reads: readonly Read[]): Place {
  const root = newPlace();
  for (const read of reads) {
    const place = read.reduce((at, step) => stepInto(at, step), root);
    const last = read.at(-1);
    if (last !== PRESENCE && last !== COUNT) place.isWhole = true;
  }
  return root;
}

function stepInto(place: Place, step: string): Place {
  switch (step) {
    case PRESENCE:
      return place;
    case COUNT:
      place.isCounted = true;
      return place;
    case EACH:
      return (place.items ??= newPlace());
    default: {
      const field = place.fields.get(step) ?? newPlace();
      place.fields.set(step, field);
      return field;
    }
  }
}

/** What is read of a map, as it was. */
interface MapPicture {
  /** Also of fields that are read and were missing. */
  readonly members: ReadonlyMap<string, { readonly place: Place; readonly picture: unknown }>;
  /** How many of those were there. */
  readonly present: number;
  /** How many fields were set, read or not. */
  readonly size: number;
}

/** A copy of what is read of a value, which is JSON: whoever asked may change the value afterwards. */
function pictureAt(value: unknown, place: Place): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (countsWhole(value, place)) return copyOf(value);
  const { items } = place;
  if (Array.isArray(value)) return value.map((item) => (items ? pictureAt(item, items) : undefined));
  return pictureOfMap(value as JsonObject, place);
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)]));
}

function pictureOfMap(map: JsonObject, { fields }: Place): MapPicture {
  const members = new Map(
    [...fields].map(([name, place]) => [name, { place, picture: pictureAt(map[name], place) }]),
  );
  const present = [...fields.keys()].filter((name) => map[name] !== undefined).length;
  return { members, present, size: sizeOf(map) };
}

/** Whether a value has in common with a picture all that is read; false also where only their texts tell it. */
function agrees(value: unknown, picture: unknown, place: Place): boolean {
  if (value === picture) return true;
  if (!areAlike(value, picture)) return false;
  if (countsWhole(value, place)) return areEqual(value, picture);
  if (Array.isArray(value)) return listsAgree(value, picture as unknown[], place.items);
  if (place.isCounted && sizeOf(value) !== (picture as MapPicture).size) return false;
  return mapsAgree(value as JsonObject, picture as MapPicture);
}

function listsAgree(
  list: readonly unknown[],
  picture: readonly unknown[],
  items: Place | undefined,
): boolean {
  if (list.length !== picture.length) return false;
  if (!items) return true;
  for (let index = 0; index < list.length; index += 1) {
    if (!agrees(list[index], picture[index], items)) return false;
  }
  return true;
}

/** Goes through what is there, since most fields that are read are missing from most maps. */
function mapsAgree(map: JsonObject, { members, present }: MapPicture): boolean {
  let agreeing = 0;
  for (const name in map) {
    const member = map[name];
    const other = member === undefined ? undefined : members.get(name);
    if (!other) continue;
    if (member !== other.picture && !agrees(member, other.picture, other.place)) return false;
    agreeing += 1;
  }
  return agreeing === present;
}

/** Whether everything in a list or map counts, since it is another than the reads expect: the items of a map are its keys. */
function countsWhole(value: object, { isWhole, items, fields }: Place): boolean {
  return isWhole || (Array.isArray(value) ? fields.size > 0 : items !== undefined);
}

/** Whether both are lists, or both are maps. */
function areAlike(value: unknown, picture: unknown): value is object {
  return (
    typeof value === 'object' &&
    typeof picture === 'object' &&
    value !== null &&
    picture !== null &&
    Array.isArray(value) === Array.isArray(picture)
  );
}

function areEqual(value: unknown, picture: unknown): boolean {
  // A member that is set to undefined is not one that is missing.
  if (value === picture) return value !== undefined;
  if (!areAlike(value, picture)) return false;
  if (Array.isArray(value)) return listsAreEqual(value, picture as unknown[]);
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  let size = 0;
  for (const name in value) {
    if (!areEqual((value as JsonObject)[name], (picture as JsonObject)[name])) return false;
    size += 1;
  }
  return size === Object.keys(picture as object).length;
}

function listsAreEqual(list: readonly unknown[], picture: readonly unknown[]): boolean {
  return list.length === picture.length && list.every((item, index) => areEqual(item, picture[index]));
}

/** What is read of a value, as text that no other values have; undefined where some of it is no JSON. */
function textAt(value: unknown, place: Place): string | undefined {
  if (value === undefined) return '-';
  // The API server takes null for missing, so that nothing below is read.
  if (value === null) return 'z';
  if (typeof value !== 'object' || countsWhole(value, place)) return textOf(value);
  return Array.isArray(value)
    ? textOfList(value, place)
    : textOfFields(value as Record<string, unknown>, place);
}

function textOfList(list: readonly unknown[], { isCounted, items }: Place): string | undefined {
  let text = isCounted ? `[${list.length}:` : '[';
  if (items) {
    for (const item of list) {
      const part = textAt(item, items);
      if (part === undefined) return undefined;
      text += part;
    }
  }
  return `${text}]`;
}

function textOfFields(
  value: Readonly<Record<string, unknown>>,
  { isCounted, fields }: Place,
): string | undefined {
  let text = isCounted ? `{${sizeOf(value)}:` : '{';
  for (const [name, place] of fields) {
    const part = textAt(value[name], place);
    if (part === undefined) return undefined;
    text += part;
  }
  return `${text}}`;
}

/** How many fields are set. */
function sizeOf(value: object): number {
  let size = 0;
  for (const name in value) {
    const member = (value as JsonObject)[name];
    if (member !== null && member !== undefined) size += 1;
  }
  return size;
}

function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return value ? 't' : 'f';
    case 'number':
      return `n${value};`;
    case 'object':
      return value === null ? 'z' : textOfObject(value);
    default:
      return undefined;
  }
}

function textOfObject(value: object): string | undefined {
  if (Array.isArray(value)) {
    const items = value.map(textOf);
    return items.includes(undefined) ? undefined : `[${items.join('')}]`;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  let text = '{';
  for (const [name, member] of Object.entries(value)) {
    const part = textOf(member);
    if (part === undefined) return undefined;
    text += JSON.stringify(name) + part;
  }
  return `${text}}`;
}
