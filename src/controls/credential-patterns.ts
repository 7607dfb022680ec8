/**
 * How a credential looks. Everything is a regular expression without look-around, so that a rule in the Common Expression
 * Language (RE2 in an API server) and a function here see the same text as the same thing.
 */

/** Formats that are a credential wherever they stand. */
const TOKEN_FORMATS: Readonly<Record<string, string>> = {
  'AWS access key': '(?:^|[^A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?:$|[^A-Za-z0-9])',
  'GitHub token': '(?:^|[^A-Za-z0-9])(?:gh[opsur]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})',
  'GitLab token': '(?:^|[^A-Za-z0-9])glpat-[A-Za-z0-9_-]{20}',
  'Slack token': '(?:^|[^A-Za-z0-9])xox[abeoprs]-[0-9A-Za-z-]{10}',
  'Slack webhook': 'hooks[.]slack[.]com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20}',
  'Google API key': '(?:^|[^A-Za-z0-9_-])AIza[0-9A-Za-z_-]{35}(?:$|[^0-9A-Za-z_-])',
  'Google OAuth secret': '(?:^|[^A-Za-z0-9])GOCSPX-[0-9A-Za-z_-]{28}',
  'Stripe key': '(?:^|[^A-Za-z0-9])[rs]k_(?:live|test)_[0-9A-Za-z]{16}',
  'SendGrid key': '(?:^|[^A-Za-z0-9])SG[.][0-9A-Za-z_-]{22}[.][0-9A-Za-z_-]{43}',
  'npm token': '(?:^|[^A-Za-z0-9])npm_[A-Za-z0-9]{36}|_authToken=[A-Za-z0-9-]{16}',
  'Docker Hub token': '(?:^|[^A-Za-z0-9])dckr_pat_[A-Za-z0-9_-]{20}',
  'Vault token': '(?:^|[^A-Za-z0-9])hv[bs][.][A-Za-z0-9_-]{24}',
  'JSON web token': '(?:^|[^A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}[.]eyJ[A-Za-z0-9_-]{10,}[.][A-Za-z0-9_-]{10}',
  'private key': '-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----',
  // What the first line of such a file is in base64: PRIVATE KEY, RSA, EC, OPENSSH, ENCRYPTED.
  'encoded private key':
    'LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRVk|BFQyBQUklWQVRFIEtFWS|BPUEVOU1NIIFBSSVZBVEUgS0VZ|BFTkNSWVBURUQgUFJJVkFURSBLRV)',
  'registry login': '"auth"[ \\t]*:[ \\t]*"[A-Za-z0-9+/]{12,}={0,2}"',
  // The scheme from its last letter on, so that not every letter of every text may be the beginning of one.
  'URL with a password':
    '[a-z][0-9+.-]*://[^/?#\\s:@\\x22]*:[^/?#\\s@$<{*%\\x22][^/?#\\s@\\x22]*@[A-Za-z0-9]',
};

/** Samples of documentation, and what some other tool puts a value in place of. */
const SAMPLE = 'EXAMPLE|[xX]{6}|[*]{4}|0{12}|:(?:PASSWORD|password|<[^>]*>)@';

/** Names whose value is a password, whatever it looks like. */
const PASSWORD_NAME =
  '(?:PASSWORD|PASSWD|PASSPHRASE|[Pp]assword|[Pp]asswd|[Pp]assphrase|[_.-](?:PASS|pass))$';

/** Values of such a name that are none: switches, numbers of something, references and paths. */
const NO_PASSWORD =
  '^(?:|true|false|yes|no|on|off|none|null|nil|enabled|disabled|required|optional|[0-9]{1,3}|[xX]+|[*]+|[.]+)$|' +
  '^[$<{/%]|\\$[({]|[{][{]|\\s|^[a-z][a-z0-9+-]*:[/a-z]';

/** Names whose value is a key or a token, if it is as random as those are. */
const KEY_NAME = `(?:${[
  ['token'],
  ['secret'],
  ['api', 'key'],
  ['secret', 'key'],
  ['access', 'key'],
  ['private', 'key'],
  ['auth', 'key'],
  ['account', 'key'],
  ['encryption', 'key'],
  ['signing', 'key'],
  ['master', 'key'],
  ['license', 'key'],
]
  .flatMap(spellings)
  .join('|')})$`;

/** Letters and digits that take turns, or many of every kind. */
const RANDOM_SHORT = '^[A-Za-z0-9+/=_-]{12,}$';
const RANDOM_TURNS = '(?:[A-Za-z+/=_-]+[0-9]+){3}';
const RANDOM_LONG = '^[A-Za-z0-9+/=_-]{32,}$';
/** Names of objects, with or without the hash of a controller. */
const OBJECT_NAME = '^[a-z0-9]+(?:-[a-z0-9]+)+$';
const UUID = '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$';

/** A line of a file in a ConfigMap that sets a password: `db.password = s3cretly`. */
const PASSWORD_LINE =
  '(?:^|\\n)[ \\t]*(?:export[ \\t]+)?[\\x22\\x27]?[A-Za-z0-9_.-]*(?:PASSWORD|PASSWD|[Pp]assword|[Pp]asswd)[\\x22\\x27]?[ \\t]*[:=][ \\t]*' +
  '[\\x22\\x27]?(?:[A-Za-z][A-Za-z!@#^&+._~-]{2,}[0-9]|[A-Za-z0-9][A-Za-z!@#^&+._~-]*[0-9][A-Za-z0-9!@#^&+._~-]{4})' +
  '[A-Za-z0-9!@#^&+._~-]*[\\x22\\x27]?[ \\t\\r]*(?:,?[ \\t\\r]*(?:\\n|$)|[#;])';

const TOKEN = Object.values(TOKEN_FORMATS).join('|');

/** The three ways in which words are written as one name. */
function spellings(words: readonly string[]): string[] {
  const upper = words.map((word) => word.toUpperCase()).join('_?');
  const lower = words.join('[_.-]?');
  const [first = '', ...rest] = words.map((word) => `${word[0]!.toUpperCase()}${word.slice(1)}`);
  return [upper, lower, `[${first[0]}${first[0]!.toLowerCase()}]${first.slice(1)}${rest.join('')}`];
}

/** The name of the first well-known format that a text holds, for example `GitHub token`. */
export function tokenFormatIn(text: string): string | undefined {
  if (new RegExp(SAMPLE).test(text)) return undefined;
  return Object.keys(TOKEN_FORMATS).find((name) => new RegExp(TOKEN_FORMATS[name]!).test(text));
}

/** Length below which no text is a credential of a well-known format. */
export const SHORTEST_TOKEN = 16;

const ANY_TOKEN = new RegExp(TOKEN);
const ANY_SAMPLE = new RegExp(SAMPLE);

/** Whether a text holds a credential of a well-known format; quick, for every text of a cluster. */
export function holdsToken(text: string): boolean {
  return text.length >= SHORTEST_TOKEN && ANY_TOKEN.test(text) && !ANY_SAMPLE.test(text);
}

/** Whether the value of that name is a credential in plain text: what {@link isCredential} says, here. */
export function namesCredential(name: string, value: string): boolean {
  if (holdsToken(value)) return true;
  if (new RegExp(PASSWORD_NAME).test(name) && !new RegExp(NO_PASSWORD).test(value)) return true;
  return new RegExp(KEY_NAME).test(name) && looksRandom(value);
}

function looksRandom(value: string): boolean {
  const matches = (pattern: string) => new RegExp(pattern).test(value);
  if (matches(SAMPLE) || matches('^/')) return false;
  const turns = matches(RANDOM_SHORT) && matches(RANDOM_TURNS) && !matches(OBJECT_NAME);
  return turns || ['[a-z]', '[A-Z]', '[0-9]', RANDOM_LONG].every(matches) || matches(UUID);
}

/** A condition of the Common Expression Language: the value of that name is a credential in plain text. */
export function isCredential(name: string, value: string): string {
  return `(${[
    `(${value}.matches(${literal(TOKEN)}) && !${value}.matches(${literal(SAMPLE)}))`,
    `(${name}.matches(${literal(PASSWORD_NAME)}) && !${value}.matches(${literal(NO_PASSWORD)}))`,
    `(${name}.matches(${literal(KEY_NAME)}) && ${isRandom(value)})`,
  ].join(' || ')})`;
}

/** A condition of the Common Expression Language: the text of a file sets a password. */
export function setsPassword(text: string): string {
  return `${text}.matches(${literal(PASSWORD_LINE)})`;
}

function isRandom(value: string): string {
  const matches = (pattern: string) => `${value}.matches(${literal(pattern)})`;
  const turns = `${matches(RANDOM_SHORT)} && ${matches(RANDOM_TURNS)} && !${matches(OBJECT_NAME)}`;
  const long = ['[a-z]', '[A-Z]', '[0-9]', RANDOM_LONG].map(matches).join(' && ');
  return `((${turns}) || (${long}) || ${matches(UUID)}) && !${matches(SAMPLE)} && !${matches('^/')}`;
}

/** A string in which no backslash means anything. */
function literal(pattern: string): string {
  return `r'${pattern}'`;
}
