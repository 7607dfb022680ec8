/**
 * How the time of the proof about tenants' rights grows with the number of tenants. See ../README.md.
 *
 *   npm run bench:rbac
 */
import type { Manifest } from '../../src/manifest/manifest';
import { provePermissions } from '../../src/rbac';
import { median } from '../support/statistics';
import { digits, table } from '../support/table';

const RBAC = 'rbac.authorization.k8s.io';
const SIZES = [125, 250, 500, 1000];
const TURNS = 5;
const ROLES = { viewer: ['get', 'list', 'watch'], deployer: ['create', 'update', 'patch', 'delete'] };

/** Tenants of three namespaces, each with three workloads that have an account and a token, and two groups. */
function tenants(count: number): Manifest[] {
  const roles = Object.entries(ROLES).map(([name, verbs]): Manifest => ({
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name },
    rules: [{ apiGroups: ['', 'apps'], resources: ['pods', 'deployments', 'services'], verbs }],
  }));
  return [...roles, ...Array.from({ length: count }, (_, index) => tenant(`t${index}`)).flat()];
}

function tenant(name: string): Manifest[] {
  return ['web', 'data', 'jobs'].flatMap((part) => {
    const namespace = `${name}-${part}`;
    const labels = { 'cdk8s-bulwark/tenant': name, 'pod-security.kubernetes.io/enforce': 'restricted' };
    return [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
      ...Object.keys(ROLES).map((role) =>
        binding(namespace, role, { kind: 'Group', name: `${name}-${role}` }),
      ),
      ...['a', 'b', 'c'].flatMap((app) => workload(namespace, app)),
    ];
  });
}

function binding(namespace: string, role: string, subject: object, suffix = ''): Manifest {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { namespace, name: `${role}${suffix}` },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: [subject],
  };
}

function workload(namespace: string, name: string): Manifest[] {
  const account = { kind: 'ServiceAccount', name, namespace };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } },
    binding(namespace, 'viewer', account, `-${name}`),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace, name },
      spec: { template: { spec: { serviceAccountName: name, containers: [{ name }] } } },
    },
  ];
}

function main(): void {
  const inputs = SIZES.map((count) => ({ count, manifests: tenants(count), seconds: [] as number[] }));
  provePermissions(inputs[0]!.manifests);
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const { manifests, seconds } of inputs) {
      const start = process.cpuUsage();
      const { escapes } = provePermissions(manifests);
      if (escapes.length > 0) throw new Error('The tenants are not kept apart.');
      seconds.push(process.cpuUsage(start).user / 1e6);
    }
  }
  const perTenant = ({ seconds, count }: (typeof inputs)[number]) => median(seconds) / count;
  const rows = inputs.map((input) => [
    `${input.count} tenants`,
    `${input.manifests.length}`,
    digits(median(input.seconds)),
    digits(perTenant(input) / perTenant(inputs[0]!)),
  ]);
  console.log(table([['', 'objects', 'seconds', 'growth'], ...rows]));
}

main();
