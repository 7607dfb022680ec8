import type { ClusterReport } from '../model';

/** What the script of the page searches, written shortly: words that repeat are numbers. */
export function pageData({ objects, rights }: ClusterReport): object {
  const [kinds, namespaces, files] = [words(), words(), words()];
  const rows = objects.map(({ kind, namespace, name, file, line, construct }) => [
    kinds.number(kind),
    namespaces.number(namespace),
    name,
    files.number(file),
    line,
    ...(construct === undefined ? [] : [construct]),
  ]);
  return {
    objects: { kinds: kinds.list, namespaces: namespaces.list, files: files.list, rows },
    roles: rights.roles.map(({ name, raw }) => ({ name, rules: raw })),
    subjects: rights.subjects.map(({ name, grants }) => [
      name,
      grants.map(({ role, namespaces: places }) => [role, places]),
    ]),
  };
}

function words() {
  const list: string[] = [];
  const numbers = new Map<string, number>();
  const number = (word: string) => {
    const known = numbers.get(word) ?? list.push(word) - 1;
    numbers.set(word, known);
    return known;
  };
  return { list, number };
}
