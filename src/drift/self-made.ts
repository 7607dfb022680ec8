import { groupBy } from '../groups';
import { objectsOf } from '../lists';
import { isCapsules, SELF_SERVICE_LABEL, TENANT_LABEL } from '../manifest/kinds';
import { isObject, type Manifest } from '../manifest/manifest';

/**
 * What was declared, and what it says of each live namespace that people of a tenant made through Capsule: its labels, and what
 * belongs into it. A namespace that claims to be one, and by its name or its tenant cannot be, is not among them.
 */
export function withSelfMade(declared: readonly Manifest[], live: readonly Manifest[]): readonly Manifest[] {
  const services = declared.filter(isCapsules);
  if (services.length === 0) return declared;
  const byTenant = groupBy(services, tenantOf);
  const made = live.filter(isSelfMade).flatMap((namespace) => {
    const told = byTenant.get(tenantOf(namespace)) ?? [];
    return told.flatMap((service) => belonging(service, namespace.metadata?.name ?? ''));
  });
  return [...declared, ...made];
}

/** Whether people of a tenant made a namespace, as far as it says so itself. */
export function isSelfMade({ kind, metadata }: Manifest): boolean {
  return kind === 'Namespace' && metadata?.labels?.[SELF_SERVICE_LABEL] === 'true';
}

/** What an object tells Capsule to put into namespaces that people make. */
export function replicatedBy({ kind, apiVersion, spec }: Manifest): readonly Manifest[] {
  if (kind !== 'GlobalTenantResource' || !isCapsules({ apiVersion }) || !isObject(spec)) return [];
  return objectsOf(spec.resources).flatMap(({ rawItems }) => objectsOf(rawItems) as Manifest[]);
}

function tenantOf({ metadata }: Manifest): string {
  return metadata?.labels?.[TENANT_LABEL] ?? '';
}

function belonging(service: Manifest, namespace: string): Manifest[] {
  if (!isObject(service.spec) || !namespace.startsWith(`${tenantOf(service)}-`)) return [];
  const { namespaceOptions } = service.spec;
  const metadata = isObject(namespaceOptions) ? objectsOf(namespaceOptions.additionalMetadataList) : [];
  const labels = metadata.map((one) => one.labels as Record<string, string>);
  return [
    ...labels.map((own) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: own },
    })),
    ...replicatedBy(service).map((item) => ({ ...item, metadata: { ...item.metadata, namespace } })),
  ];
}
