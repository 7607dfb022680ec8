import { COUNT, EACH, PRESENCE, type Read } from './reads';

/** Values of variables. */
type Context = Readonly<Record<string, unknown>>;

/** Answers that are kept for one question. */
const LARGEST = 1_000;

/**
 * Answers a question once for all contexts that agree in what it looks at. The pods of a cluster mostly do: they differ in name
 * and image, which few rules read. A question whose contexts hardly ever agree is asked every time, without further ado.
 */
export function remembering<T>(
  ask: (context: Context) => T,
  reads: readonly Read[],
): (context: Context) => T {
  const answers = new Map<string, T>();
  const tree = treeOf(reads);
  let remembered = 0;
  let isWorthIt = true;
  return (context) => {
    const key = isWorthIt ? textAt(context, tree) : undefined;
    if (key === undefined) return ask(context);
    const known = answers.get(key);
    if (known !== undefined) {
      remembered += 1;
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

/** Reads that begin alike, as a tree: what is missing for one is missing for all below it. */
interface Place {
  /** Whether everything there counts. */
  isWhole: boolean;
  isCounted: boolean;
  items: Place | undefined;
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
      const next = place.fields.get(step) ?? newPlace();
      place.fields.set(step, next);
      return next;
    }
  }
}

/** What is read of a value, as text that no other values have; undefined where some of it is no JSON. */
function textAt(value: unknown, place: Place): string | undefined {
  if (value === undefined) return '-';
  // The API server takes null for missing, so that nothing below is read.
  if (value === null) return 'z';
  if (place.isWhole || typeof value !== 'object') return textOf(value);
  if (Array.isArray(value)) return textOfList(value, place);
  // The items of a map are its keys.
  return place.items ? textOf(value) : textOfFields(value as Record<string, unknown>, place);
}

function textOfList(list: readonly unknown[], { isCounted, items, fields }: Place): string | undefined {
  if (fields.size > 0) return textOf(list);
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
  return Object.values(value).filter((member) => member !== null && member !== undefined).length;
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
