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

/**
 * The same function of a list, with the last answer about each list kept as long as the list: of those that are frozen, which
 * nobody can change while somebody else goes by the answer. Other arguments count as they are, not by what is in them.
 */
export function rememberedOfFrozen<T, Others extends readonly unknown[], Answer>(
  answer: (list: readonly T[], ...others: Others) => Answer,
): (list: readonly T[], ...others: Others) => Answer {
  const answers = new WeakMap<readonly T[], { readonly others: Others; readonly made: Answer }>();
  return (list, ...others) => {
    const known = answers.get(list);
    if (known && known.others.every((other, index) => other === others[index])) return known.made;
    const made = answer(list, ...others);
    if (Object.isFrozen(list)) answers.set(list, { others, made });
    return made;
  };
}
