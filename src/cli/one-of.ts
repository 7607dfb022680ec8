import { BulwarkError } from '../errors';
import { meant } from '../spelling';

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
