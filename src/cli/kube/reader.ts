import { BulwarkError } from '../../errors';
import { isObject, type JsonObject, type Manifest } from '../../manifest/manifest';
import type { Answer, Connection } from './connection';
import { getPatiently, type Patience } from './retry';

const JSON_TYPE = 'application/json';
/** Asks the server for what an object is called and nothing that is in it. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
/** Objects in one answer. */
const PAGE = 500;
/** How often a list is begun again whose continuation has expired. */
const RESTARTS = 3;
/** Requests under way at once. */
export const CONCURRENCY = 4;

/** A kind as the API server serves it. */
export interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** A right that the credentials lack. */
export interface Refusal {
  readonly verb: string;
  readonly resource: string;
  readonly namespace?: string;
}

/** The objects of a kind, or the right that it takes to read them. */
export type ListResult = { readonly items: readonly Manifest[] } | { readonly refused: Refusal };

/** Reads from an API server and writes nothing. */
export interface Reader {
  /** `1.37`. */
  readonly version: () => Promise<string>;
  /** The kinds of a group and version; none where the server does not have it. */
  readonly discover: (apiVersion: string) => Promise<ReadonlyMap<string, ServedKind>>;
  /** All objects of a kind, in a namespace or everywhere, page by page, without their status. */
  readonly list: (kind: ServedKind, namespace?: string) => Promise<ListResult>;
  /** An object without its status, or its metadata alone; no item where there is none. */
  readonly get: (
    kind: ServedKind,
    name: string,
    options: { readonly namespace?: string; readonly metadataOnly: boolean },
  ) => Promise<ListResult>;
}

/** Reads over a connection. @throws BulwarkError when an answer stays out, or the credentials are refused. */
export function readerOf(connection: Connection, patience: Patience): Reader {
  const get = async (path: string, accept = JSON_TYPE) => {
    const answer = await getPatiently(connection, path, accept, patience);
    if (answer.status === 401) throw signInAgain(connection);
    return answer;
  };
  return {
    version: async () => {
      const { major, minor } = bodyOf(await get('/version'), connection, '/version');
      return `${String(major)}.${String(minor).replace(/\D.*/, '')}`;
    },
    discover: async (apiVersion) => {
      const path = rootOf(apiVersion);
      const answer = await get(path);
      if (answer.status === 404) return new Map();
      const { resources } = bodyOf(answer, connection, path);
      return servedKinds(apiVersion, resources);
    },
    list: (kind, namespace) => listAll({ get, connection, kind, namespace }),
    get: async (kind, name, { namespace, metadataOnly }) => {
      const path = `${pathOf(kind, namespace)}/${encodeURIComponent(name)}`;
      const answer = await get(path, metadataOnly ? METADATA_ONLY : JSON_TYPE);
      if (answer.status === 404) return { items: [] };
      if (answer.status === 403) return { refused: { verb: 'get', resource: resourceName(kind), namespace } };
      const body = bodyOf(answer, connection, path);
      return { items: [asKind(kind, metadataOnly ? { metadata: body.metadata } : body)] };
    },
  };
}

/** In a list, objects do not say what they are. The status is nothing that could be declared. */
function asKind({ apiVersion, kind }: ServedKind, item: JsonObject): Manifest {
  const { status: _status, ...declarable } = item;
  return { ...declarable, apiVersion, kind };
}

function signInAgain({ server }: Connection): BulwarkError {
  return new BulwarkError(
    `${server} does not accept the credentials (401): they are wrong or have expired. Sign in again, or name another --context.`,
  );
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function pathOf({ apiVersion, plural }: ServedKind, namespace?: string): string {
  const place = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${rootOf(apiVersion)}${place}/${plural}`;
}

function resourceName({ apiVersion, plural }: ServedKind): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? plural : `${plural}.${apiVersion.slice(0, slash)}`;
}

function servedKinds(apiVersion: string, resources: unknown): ReadonlyMap<string, ServedKind> {
  const list = Array.isArray(resources) ? resources.filter(isObject) : [];
  return new Map(
    list
      .filter(({ name }) => !String(name).includes('/'))
      .map(({ name, kind, namespaced }) => [
        String(kind),
        { apiVersion, kind: String(kind), plural: String(name), namespaced: namespaced === true },
      ]),
  );
}

interface Listing {
  readonly get: (path: string) => Promise<Answer>;
  readonly connection: Connection;
  readonly kind: ServedKind;
  readonly namespace?: string;
}

async function listAll(listing: Listing): Promise<ListResult> {
  const { kind, namespace } = listing;
  for (let restart = 0; restart <= RESTARTS; restart += 1) {
    const result = await listOnce(listing);
    if (result) return result;
  }
  throw new BulwarkError(
    `${resourceName(kind)}${namespace ? ` in ${namespace}` : ''} change faster than they can be listed: each list expired before its end. Run it again.`,
  );
}

/** Undefined when the list has expired on the server (410) and has to be begun again: pages of two lists do not make one. */
async function listOnce({ get, connection, kind, namespace }: Listing): Promise<ListResult | undefined> {
  const items: Manifest[] = [];
  const path = pathOf(kind, namespace);
  let rest = '';
  do {
    const answer = await get(`${path}?limit=${PAGE}${rest && `&continue=${encodeURIComponent(rest)}`}`);
    if (answer.status === 410) return undefined;
    if (answer.status === 403) {
      return { refused: { verb: 'list', resource: resourceName(kind), ...(namespace && { namespace }) } };
    }
    const page = bodyOf(answer, connection, path);
    if (!Array.isArray(page.items)) throw notUnderstood(connection, path);
    for (const item of page.items as JsonObject[]) items.push(asKind(kind, item));
    rest =
      isObject(page.metadata) && typeof page.metadata.continue === 'string' ? page.metadata.continue : '';
  } while (rest !== '');
  return { items };
}

function bodyOf({ status, text }: Answer, connection: Connection, path: string): JsonObject {
  if (status !== 200) {
    throw new BulwarkError(
      `${connection.server}${path} answers with status ${status}. Nothing can be said without it. Look at the API server, or at what is in between.`,
    );
  }
  try {
    const body: unknown = JSON.parse(text);
    if (isObject(body)) return body;
  } catch {
    // What is no JSON is no answer of an API server either.
  }
  throw notUnderstood(connection, path);
}

function notUnderstood({ server }: Connection, path: string): BulwarkError {
  return new BulwarkError(
    `${server}${path} answers with something that an API server does not say. Correct the address of the cluster.`,
  );
}
