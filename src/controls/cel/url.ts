import { push } from '../../groups';
import { Opaque, type CelLibrary } from './library';

/** A URL in the parts that Go's `net/url` splits it into, on which the API server relies. */
class Url extends Opaque {
  constructor(
    readonly scheme: string,
    readonly parts: Parts,
    fragment: string,
  ) {
    super(JSON.stringify([scheme, parts, fragment]));
  }
}

/** The URL library of Kubernetes. */
export const url: CelLibrary = {
  since: 0,
  types: { 'kubernetes.URL': Url },
  functions: {
    'url(string): kubernetes.URL': (text: string) => {
      checkUrl(text);
      return parseUrl(text);
    },
    'isURL(string): bool': (text: string) => isUrl(text),
    'kubernetes.URL.getScheme(): string': ({ scheme }: Url) => scheme,
    'kubernetes.URL.getHost(): string': ({ parts }: Url) => parts.host,
    'kubernetes.URL.getHostname(): string': ({ parts }: Url) => splitHost(parts.host).name,
    'kubernetes.URL.getPort(): string': ({ parts }: Url) => splitHost(parts.host).port,
    'kubernetes.URL.getEscapedPath(): string': ({ parts }: Url) => parts.path,
    'kubernetes.URL.getQuery(): map<string, list<string>>': ({ parts }: Url) => parseQuery(parts.query),
  },
};

/** Whether a text is an absolute URI or an absolute path. */
export function isUrl(text: string): boolean {
  try {
    checkUrl(text);
    return true;
  } catch {
    return false;
  }
}

/** @throws when the text is neither an absolute URI nor an absolute path. A fragment belongs to the path or query here. */
function checkUrl(text: string): void {
  const { scheme, rest } = splitScheme(text);
  if (text === '' || (scheme === '' && !rest.startsWith('/') && text !== '*')) {
    refuse('it is neither an absolute URI nor an absolute path');
  }
  readParts({ scheme, rest, authority: scheme !== '' });
}

function parseUrl(text: string): Url {
  const hash = text.indexOf('#');
  const fragment = hash < 0 ? '' : text.slice(hash + 1);
  unescape(fragment);
  const { scheme, rest } = splitScheme(hash < 0 ? text : text.slice(0, hash));
  const authority = scheme !== '' || !rest.startsWith('///');
  return new Url(scheme, readParts({ scheme, rest, authority }), fragment);
}

interface Parts {
  readonly user: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly opaque: string;
}

function refuse(why: string): never {
  throw new Error(`URL parse error: ${why}`);
}

function splitScheme(text: string): { scheme: string; rest: string } {
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  if (/[\0-\x1f\x7f]/.test(text)) refuse('it holds control characters');
  if (text.startsWith(':')) refuse('the scheme is missing');
  const [match, scheme = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text) ?? [''];
  return { scheme: scheme.toLowerCase(), rest: text.slice(match.length) };
}

function readParts(from: { scheme: string; rest: string; authority: boolean }): Parts {
  const [, before = '', query = ''] = /^([^?]*)(?:\?([^]*))?$/.exec(from.rest) ?? [];
  if (from.scheme !== '' && !before.startsWith('/')) {
    return { user: '', host: '', path: '', query, opaque: before };
  }
  const [, authority, path = ''] =
    (from.authority && /^\/\/([^/]*)([^]*)$/.exec(before)) || ([before, undefined, before] as const);
  return { ...readAuthority(authority ?? ''), path: escapedPath(path), query, opaque: '' };
}

function readAuthority(authority: string): { user: string; host: string } {
  const at = authority.lastIndexOf('@');
  const user = at < 0 ? '' : authority.slice(0, at);
  if (/[^A-Za-z0-9._:~!$&'()*+,;=%@-]/.test(user)) refuse('the user information is invalid');
  unescape(user);
  return { user, host: readHost(authority.slice(at + 1)) };
}

const IPV6 = /^\[([0-9A-Fa-f:.]+)(?:%25([^]*))?\](:\d*)?$/;

function readHost(text: string): string {
  if (!text.includes('[')) {
    if (!/^[^:]*(:\d*)?$/.test(text)) refuse('the port is invalid');
    return unescapeHost(text);
  }
  const [, address = '', zone, port = ''] = IPV6.exec(text) ?? [];
  // Without brackets this would be a name and a port, hence the colon.
  if (!address.includes(':')) refuse('the IPv6 address is invalid');
  return `[${address}${zone === undefined ? '' : `%${unescape(zone)}`}]${port}`;
}

/** Escapes in hosts are for other than ASCII characters and for `%` itself. */
function unescapeHost(text: string): string {
  if (/%(?!25)[0-7]/.test(text)) refuse('the host has an escaped ASCII character');
  if (/[^\x80-\u{10ffff}A-Za-z0-9._~!$&'()*+,;=:<>"%\]-]/u.test(text)) refuse('the host is invalid');
  return unescape(text);
}

/** @throws when a percent sign is not followed by two hexadecimal digits */
function unescape(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) refuse('an escape is invalid');
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString(),
  );
}

/** A path as written if it is valid so, else with everything escaped that has to be. */
function escapedPath(path: string): string {
  const decoded = unescape(path);
  return /^[A-Za-z0-9._~$&+,/:;=@!'()*[\]%-]*$/.test(path) ? path : escape(decoded);
}

function escape(text: string): string {
  return text.replace(/[^A-Za-z0-9._~$&+,/:;=@-]+/gu, (characters) =>
    [...Buffer.from(characters)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}

function splitHost(host: string): { name: string; port: string } {
  const [, name = '', port = ''] = /^([^]*?)(?::(\d*))?$/.exec(host) ?? [];
  return { name: name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name, port };
}

/** Values by key; what is not valid is left out, as Go does. */
function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';') || /%(?![0-9A-Fa-f]{2})/.test(pair)) continue;
    const [, key = '', value = ''] = /^([^=]*)=?([^]*)$/.exec(pair.replaceAll('+', ' ')) ?? [];
    push(values, unescape(key), unescape(value));
  }
  return values;
}
