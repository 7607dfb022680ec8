import { type ApiServer } from './api-server';
import { type Response } from './client';

export interface CreateOptions {
  /** Let the server do everything but store the object. */
  readonly dryRun?: boolean;
}

/** The paths of each group and version that discovery was asked for, by kind. */
const DISCOVERED = new WeakMap<ApiServer, Map<string, Promise<Map<string, Collection>>>>();

interface Collection {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Creates an object of any kind; like `kubectl create --validate=strict`, without the process. */
export async function create(
  server: ApiServer,
  manifest: any,
  { dryRun = false }: CreateOptions = {},
): Promise<Response> {
  const query = `fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
  return server.request('POST', `${await collectionOf(server, manifest)}?${query}`, manifest);
}

/** Creates a namespace in which `restricted` is enforced at a version of the policy. */
export async function createRestrictedNamespace(
  server: ApiServer,
  name: string,
  version = 'latest',
): Promise<void> {
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': version,
  };
  const { status, body } = await create(server, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels },
  });
  if (status !== 201) throw new Error(`Namespace ${name}: ${body.message}`);
}

/** The pod that a workload's controller would make of its template; a Pod itself; undefined for any other object. */
export function podOf(manifest: any): any {
  if (manifest.kind === 'Pod') return manifest;
  const template = manifest.spec?.jobTemplate?.spec?.template ?? manifest.spec?.template;
  if (!template?.spec?.containers) return undefined;
  const { name, namespace } = manifest.metadata;
  const metadata = { ...template.metadata, name, namespace };
  const claimed = (manifest.spec.volumeClaimTemplates ?? []).map((claim: any) => ({
    name: claim.metadata.name,
    persistentVolumeClaim: { claimName: `${claim.metadata.name}-${name}-0` },
  }));
  const spec = { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...claimed] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
}

async function collectionOf(server: ApiServer, { apiVersion, kind, metadata }: any): Promise<string> {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const known = DISCOVERED.get(server) ?? new Map<string, Promise<Map<string, Collection>>>();
  DISCOVERED.set(server, known);
  if (!known.has(root)) known.set(root, discover(server, root));
  const collection = (await known.get(root)!).get(kind);
  if (!collection) throw new Error(`the server knows no ${kind} of ${apiVersion}`);
  const namespace = collection.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
  return `${root}${namespace}/${collection.plural}`;
}

async function discover(server: ApiServer, root: string): Promise<Map<string, Collection>> {
  const { status, body } = await server.request('GET', root);
  if (status !== 200) throw new Error(`the server has no ${root}`);
  const resources = body.resources.filter(({ name }: any) => !name.includes('/'));
  return new Map(
    resources.map(({ kind, name, namespaced }: any) => [kind, { plural: name, namespaced }] as const),
  );
}
