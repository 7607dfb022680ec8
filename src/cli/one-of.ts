import { BulwarkError } from '../errors';
import { editDistance } from '../spelling';

/**
 * A word that has to be one of a few, as somebody typed it.
 * @param where The option or command that it was typed for.
 * @param what What the words are, for the message. @default nothing
 * @throws BulwarkError when it is none, with the one that may be meant, and all of them.
 */
export function oneOf<Word extends string>(
  typed: string,
  words: readonly Word[],
  where: string,
  what?: string,
): Word {
  const word = words.find((candidate) => candidate === typed);
  if (word !== undefined) return word;
  const thing = what === undefined ? '' : `${what} `;
  throw new BulwarkError(
    `${where}: there is no ${thing}'${typed}'.${meant(typed, words)} Use one of: ${words.join(', ')}.`,
  );
}

/** Which of some words is typed but for a letter or two, or for upper and lower case: ` Did you mean get?`, or nothing. */
export function meant(typed: string, words: readonly string[]): string {
  const distance = (word: string) => editDistance(word.toLowerCase(), typed.toLowerCase());
  const [nearest] = [...words].sort((a, b) => distance(a) - distance(b));
  if (nearest === undefined || distance(nearest) > Math.min(2, nearest.length - 2)) return '';
  return ` Did you mean ${nearest}?`;
}
