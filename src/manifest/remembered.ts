/** Makes a value when it is first asked for. */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** How many answers are kept, so that a program that runs for long does not keep every text it has seen. */
const KEPT = 10_000;

/** The same function of a text, with its answers kept: manifests repeat most of what they say. What throws is asked again. */
export function remembered<T>(answer: (text: string) => T): (text: string) => T {
  const answers = new Map<string, T>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    const made = answer(text);
    if (answers.size >= KEPT) answers.clear();
    answers.set(text, made);
    return made;
  };
}

const LENT = new WeakSet<readonly unknown[]>();

/**
 * A list of our own, of which {@link rememberedOfLent} may keep answers. It is frozen, but what is in it is not: whoever makes one
 * promises to ask nothing more of it once somebody may have changed an object in it. So no list of a caller is ever lent.
 */
export function lent<T>(list: T[]): readonly T[] {
  LENT.add(list);
  return Object.freeze(list);
}

/** Whether answers about a list may be kept. */
export function isLent(list: readonly unknown[]): boolean {
  return LENT.has(list);
}

/**
 * The same function of a list, with the last answer about each {@link lent} list kept as long as the list. About any other list it
 * is asked each time. Other arguments count as they are, not by what is in them.
 */
export function rememberedOfLent<T, Others extends readonly unknown[], Answer>(
  answer: (list: readonly T[], ...others: Others) => Answer,
): (list: readonly T[], ...others: Others) => Answer {
  const answers = new WeakMap<readonly T[], { readonly others: Others; readonly made: Answer }>();
  return (list, ...others) => {
    const known = answers.get(list);
    if (known && known.others.every((other, index) => other === others[index])) return known.made;
    const made = answer(list, ...others);
    if (isLent(list)) answers.set(list, { others, made });
    return made;
  };
}
