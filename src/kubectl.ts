import type { Manifest } from './manifest/manifest';
import { printable } from './wording';

/** What is done to one object. */
export interface ObjectCommand {
  readonly verb: 'delete' | 'patch';
  /** As kubectl takes it: `roles.rbac.authorization.k8s.io`. */
  readonly resource: string;
  readonly object: Manifest;
  /** @default none */
  readonly flags?: readonly string[];
}

/**
 * The kubectl command about one object. The name of a role may be anything that holds neither a slash nor a percent sign, `--all`
 * and `x; reboot` as well, so it comes last and in one word with its resource, which makes it a flag to nobody.
 */
export function objectCommand({ verb, resource, object, flags = [] }: ObjectCommand): string {
  const { namespace, name = '' } = object.metadata ?? {};
  const target = `${resource}/${name}`;
  return shellCommand([
    ...['kubectl', verb],
    ...(namespace ? ['-n', namespace] : []),
    ...flags,
    ...(target.startsWith('-') ? ['--', target] : [target]),
  ]);
}

/**
 * A command for a POSIX shell, and for bash and zsh, that runs exactly these words. It is one line in which every sign is seen: a
 * word with signs that are not, or that a terminal obeys, is put together by printf first. What no argument can hold, the sign
 * with the number 0 and halves of signs, becomes U+FFFD, so that the word means nothing rather than something else.
 */
export function shellCommand(words: readonly string[]): string {
  const made: string[] = [];
  const args = words.map((word) => {
    if (/^[\w./:@-][\w./:@=-]*$/.test(word)) return word;
    if (printable(word) === word) return `'${word.replaceAll("'", "'\\''")}'`;
    const variable = `word${made.length + 1}`;
    // The shell takes ends of lines from the end of what printf says, so there is a full stop behind them.
    made.push(`${variable}=$(printf '${octal(word)}.') && `);
    return `"\${${variable}%.}"`;
  });
  return made.join('') + args.join(' ');
}

/** A text in the format of printf: bytes beyond letters, digits and harmless signs by their numbers. */
function octal(text: string): string {
  const bytes = Buffer.from(text.replaceAll('\0', '\ufffd'), 'utf8');
  return [...bytes]
    .map((byte) => {
      const sign = String.fromCharCode(byte);
      return /[\w ./:@=,]/.test(sign) ? sign : `\\${byte.toString(8).padStart(3, '0')}`;
    })
    .join('');
}
