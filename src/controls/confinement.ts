import type { Inventory } from '../manifest/inventory';
import { ALLOWANCES_NAME, TENANT_LABEL, TRUST_LABEL } from '../manifest/kinds';
import { isObject, type Manifest } from '../manifest/manifest';
import { closedByGuardrails } from '../rbac/guarded';
import type { Breach, InventoryControl } from './control';
import { namespace } from './example-objects';

/** That somebody holds the pods of tenants where the tenants belong, whoever makes them. */
export const CONFINEMENT_CONTROLS: readonly InventoryControl[] = [
  {
    id: 'hostile-tenant-confined',
    title: 'The cluster itself keeps the pods of hostile tenants in their sandbox and on their nodes',
    why: 'A pod that somebody makes by hand leaves out what constructs would have set, and then shares the kernel and the node with the pods of others.',
    severity: 'high',
    references: [
      { standard: 'Kubernetes', id: 'Multi-tenancy: Sandboxing containers' },
      { standard: 'Kubernetes', id: 'Multi-tenancy: Node isolation' },
    ],
    scope: 'inventory',
    breaches: unconfined,
    fix: "Add new Guardrails(cluster, 'guardrails'), which refuse such pods, to what has the namespaces; it has to deny in them.",
    examples: {
      fails: [namespace(ofTenant('hostile'))],
      passes: [namespace(ofTenant('semi-trusted'))],
    },
  },
];

function ofTenant(trust: string): Record<string, string> {
  return { [TENANT_LABEL]: 'shop', [TRUST_LABEL]: trust };
}

function unconfined(inventory: Inventory): Breach[] {
  const hostile = inventory
    .ofKind('Namespace')
    .filter(({ metadata }) => metadata?.labels?.[TRUST_LABEL] === 'hostile');
  if (hostile.length === 0) return [];
  const closedBy = closedByGuardrails(inventory.manifests);
  return hostile.flatMap((manifest) => {
    const name = manifest.metadata?.name ?? '';
    const detail = closedBy('leave-nodes', name)
      ? unnamed(inventory, name)
      : 'No policy in the cluster refuses pods outside of the sandbox and the nodes of the tenant';
    return detail === undefined ? [] : [breach(manifest, detail)];
  });
}

/** What the policies go by. */
function unnamed(inventory: Inventory, namespaceName: string): string | undefined {
  const data = inventory.find('ConfigMap', namespaceName, ALLOWANCES_NAME)?.data;
  const missing = ['sandboxes', 'nodeLabels'].filter((key) => !isObject(data) || !data[key]);
  return missing.length > 0
    ? `The ConfigMap ${ALLOWANCES_NAME} does not say ${missing.join(' and ')}, so that the policies ask nothing`
    : undefined;
}

function breach(manifest: Manifest, detail: string): Breach {
  return { manifest, field: `metadata.labels['${TRUST_LABEL}']`, detail };
}
