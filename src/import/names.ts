import { BulwarkError } from '../errors';
import { isNamespaceName } from '../manifest/names';
import { unicodeEscape } from './source-text';

/**
 * The name of a namespace, which becomes the name of a file and of a class.
 * @throws BulwarkError when the API server would refuse it.
 */
export function checkedNamespace(name: string): string {
  if (isNamespaceName(name)) return name;
  throw new BulwarkError(
    `import: ${JSON.stringify(name)} is no name of a namespace, and the API server would refuse it. Correct metadata.namespace.`,
  );
}

/** `shop-web` as `ShopWeb`. */
export function pascalCase(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

/** A path of constructs is divided by slashes. */
export function idOf(name: string): string {
  return name.replaceAll('/', '--');
}

/** Gives names that TypeScript takes, none of them twice. */
export function namer(): (wanted: string) => string {
  const unique = uniqueNames((base, count) => `${base}${count}`);
  return (wanted) => unique(/^[A-Za-z]/.test(wanted) ? wanted : `_${wanted}`);
}

/** Gives names as they are wanted, none of them twice. @param other The name to take where others have it */
export function uniqueNames(other: (base: string, count: number) => string): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    let name = wanted;
    for (let count = 2; taken.has(name); count += 1) name = other(wanted, count);
    taken.add(name);
    return name;
  };
}

/** Text for a comment, which it can neither end nor leave. */
export function inComment(text: string): string {
  if (/^[\w.:/-]+$/.test(text)) return text;
  // Some characters end a line for TypeScript, and not for JSON.
  const escaped = JSON.stringify(text).replaceAll(/[^ -~]/g, unicodeEscape);
  return escaped.replaceAll('*/', '*\\/');
}
