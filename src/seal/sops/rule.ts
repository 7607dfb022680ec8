import { BulwarkError } from '../../errors';
import { compileRe2 } from '../../controls/cel/re2';

/** The ways in which a file of SOPS says what in it is encrypted. Each file has one of them. */
export const RULE_FIELDS = [
  'encrypted_regex',
  'unencrypted_regex',
  'encrypted_suffix',
  'unencrypted_suffix',
] as const;

/** What in a file is encrypted. */
export interface EncryptionRule {
  readonly field: (typeof RULE_FIELDS)[number];
  readonly value: string;
}

/** Whether a value is encrypted, by the keys on the way to it. */
export type IsEncrypted = (path: readonly string[]) => boolean;

/** The values of a Secret and nothing else, so that its kind and name stay readable, as Flux asks for it. */
export const SECRET_RULE: EncryptionRule = { field: 'encrypted_regex', value: '^(data|stringData)$' };

/** What SOPS does when a file does not say it. */
export const DEFAULT_RULE: EncryptionRule = { field: 'unencrypted_suffix', value: '_unencrypted' };

/** @throws BulwarkError when the expression is none that SOPS knows. */
export function compileRule({ field, value }: EncryptionRule, where: string): IsEncrypted {
  const matches = field.endsWith('suffix')
    ? (key: string) => key.endsWith(value)
    : expression(value, field, where);
  if (field.startsWith('un')) return (path) => !path.some(matches);
  return (path) => path.some(matches);
}

function expression(value: string, field: string, where: string): (key: string) => boolean {
  try {
    const pattern = compileRe2(value);
    // Not test(), which goes on from its last match.
    return (key) => key.search(pattern) >= 0;
  } catch {
    throw new BulwarkError(`${where}: ${field} is no regular expression of RE2. Correct it.`);
  }
}
