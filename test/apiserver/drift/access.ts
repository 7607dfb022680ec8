import { type ApiServer, pipeline } from '../harness';

/** A right in the words of a SubjectAccessReview. */
export interface Attempt {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Empty for the whole cluster. */
  readonly namespace: string;
  /** Empty for no object in particular. */
  readonly name: string;
}

/** The attempts that a user may make, by the word of the API server. */
export async function allowedOf(
  server: ApiServer,
  user: string,
  attempts: readonly Attempt[],
): Promise<Attempt[]> {
  const [, , namespace] = user.split(':');
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  const answers = await pipeline(
    server,
    attempts.map((resourceAttributes) => ({
      path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { user, groups, resourceAttributes },
      },
    })),
  );
  return attempts.filter((_, index) => answers[index].status.allowed === true);
}

/** What the API server serves, by its own discovery. */
export async function servedResources(
  server: ApiServer,
): Promise<Pick<Attempt, 'group' | 'resource' | 'subresource'>[]> {
  const { groups } = (await server.request('GET', '/apis')).body;
  const roots = [
    '/api/v1',
    ...groups.flatMap(({ versions }: any) =>
      versions.map(({ groupVersion }: any) => `/apis/${groupVersion}`),
    ),
  ];
  const lists = await Promise.all(roots.map(async (root) => (await server.request('GET', root)).body));
  const found = lists.flatMap(({ groupVersion, resources }) => {
    const group = groupVersion.includes('/') ? groupVersion.split('/')[0] : '';
    return resources.map(({ name }: any) => {
      const [resource, subresource] = name.split('/');
      return { group, resource, ...(subresource && { subresource }) };
    });
  });
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}

/** The right that a request takes, as `VERB RESOURCE.GROUP NAMESPACE NAME`; undefined for what every account may ask. */
export function rightOf({ method, url }: { method: string; url: string }): string | undefined {
  const path = url.split('?')[0]!;
  const [, group = '', namespace = '', resource, name = ''] =
    /^\/(?:api|apis\/([^/]+))\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
  if (resource === undefined) return undefined;
  const verbs: Record<string, string> = { GET: name === '' ? 'list' : 'get', POST: 'create', PATCH: 'patch' };
  return describe({ verb: verbs[method] ?? method, group, resource, namespace, name });
}

/** As {@link rightOf} writes it. */
export function describe({ verb, group, resource, subresource, namespace, name }: Attempt): string {
  return [
    verb,
    `${resource}${group && `.${group}`}${subresource ? `/${subresource}` : ''}`,
    namespace || '-',
    name || '-',
  ].join(' ');
}
