/** An expression and the place up to which it is read. */
export interface Scanner {
  readonly pattern: string;
  at: number;
}

export function refuse(why: string): never {
  throw new Error(`invalid regular expression: ${why}`);
}

const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
const ESCAPE =
  /^\\(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|(0[0-7]{0,2}|[1-7][0-7]{1,2})|([afnrtv])|([!-/:-@[-`{-~ ]))/;

/** Reads the escape of one character and tells its code point. */
export function readEscape(scanner: Scanner): number {
  const rest = scanner.pattern.slice(scanner.at);
  const [match, braced, hex, octal, control, itself] = ESCAPE.exec(rest) ?? [];
  if (match === undefined) refuse(`'${rest.slice(0, 2)}' is not an escape`);
  scanner.at += match.length;
  if (octal !== undefined) return parseInt(octal, 8);
  if (control !== undefined) return CONTROLS[control]!;
  if (itself !== undefined) return itself.charCodeAt(0);
  const code = parseInt(braced ?? hex ?? '', 16);
  return code <= 0x10ffff ? code : refuse(`'${match}' is not a character`);
}
