import { Optional } from '@marcbachmann/cel-js';
import { Opaque, type CelLibrary, type Implementation } from './library';
import { isUrl } from './url';

class NamedFormat extends Opaque {
  constructor(
    name: string,
    readonly problem: (text: string) => string | undefined,
  ) {
    super(name);
  }
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const BASE64 = '([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})';
const UUID = '[0-9A-Fa-f]{8}-?([0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}';

const dns1123Label = limited(LABEL, 63);
const dns1123Subdomain = limited(SUBDOMAIN, 253);
const dns1035Label = limited('[a-z]([-a-z0-9]*[a-z0-9])?', 63);
const namePart = limited(NAME, 63);

const FORMATS = new Map(
  Object.entries({
    dns1123Label,
    dns1123Subdomain,
    dns1035Label,
    qualifiedName,
    dns1123LabelPrefix: prefixOf(dns1123Label),
    dns1123SubdomainPrefix: prefixOf(dns1123Subdomain),
    dns1035LabelPrefix: prefixOf(dns1035Label),
    labelValue: limited(`(${NAME})?`, 63),
    uri: (text: string) => (isUrl(text) ? undefined : 'must be an absolute URI or an absolute path'),
    uuid: (text: string) => (matches(UUID, text) ? undefined : 'does not match the UUID format'),
    byte: (text: string) => (matches(BASE64, text) ? undefined : 'invalid base64'),
    date: (text: string) => (isDate(text) ? undefined : 'invalid date'),
    datetime: (text: string) => (isDateTime(text) ? undefined : 'invalid datetime'),
  }).map(([name, problem]) => [name, new NamedFormat(name, problem)] as const),
);

/** The format library of Kubernetes. Its messages are our own, one for each text, where Kubernetes may have several. */
export const format: CelLibrary = {
  since: 32,
  namespace: 'format',
  types: { 'kubernetes.NamedFormat': NamedFormat },
  functions: {
    'format.named(string): optional<kubernetes.NamedFormat>': (name: string) =>
      Optional.of(FORMATS.get(name)),
    'kubernetes.NamedFormat.validate(string): optional<list<string>>': (
      { problem }: NamedFormat,
      text: string,
    ) => {
      const message = problem(text);
      return Optional.of(message === undefined ? undefined : [message]);
    },
    ...Object.fromEntries(
      [...FORMATS].map(([name, value]): [string, Implementation] => [
        `format.${name}(): kubernetes.NamedFormat`,
        () => value,
      ]),
    ),
  },
};

function matches(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(text);
}

function limited(pattern: string, max: number): (text: string) => string | undefined {
  return (text) =>
    text.length <= max && matches(pattern, text)
      ? undefined
      : `must have at most ${max} characters and match '${pattern}'`;
}

/** In a name that the API server continues, the end may be a dash, which stands for what follows. */
function prefixOf(problem: (text: string) => string | undefined): (text: string) => string | undefined {
  return (text) => problem(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text);
}

function qualifiedName(text: string): string | undefined {
  const [name = '', prefix, ...more] = text.split('/').reverse();
  if (more.length > 0) return 'must have at most one slash';
  const problem = prefix === undefined ? undefined : dns1123Subdomain(prefix);
  return problem === undefined ? namePart(name) : `prefix part ${problem}`;
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return false;
  // The calendar repeats every 400 years, and Date takes years below 100 for those of the 20th century.
  const date = new Date(Date.UTC(year + 400, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function isDateTime(text: string): boolean {
  const [, date = '', hour, minute, second] =
    /^([^t]*)t(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/.exec(text.toLowerCase()) ?? [];
  return isDate(date) && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}
