/** The program of a new project. TARGET is the version of Kubernetes. */
export const PROGRAM = `import { Blueprint, ClusterTarget, HardenedDeployment, HardenedStatefulSet, Tenant } from 'cdk8s-bulwark';

/** The whole cluster. Everything about the version of Kubernetes and what is installed in it is said to the target. */
export function cluster(outdir = 'dist'): Blueprint {
  const blueprint = new Blueprint({ target: ClusterTarget.kubernetes('TARGET'), outdir });
  shop(blueprint);
  reports(blueprint);
  return blueprint;
}

/** A tenant with two namespaces. Nothing but the API reaches the database. */
function shop(blueprint: Blueprint): void {
  const tenant = new Tenant(blueprint, 'shop', { quota: { cpu: '8', memory: '16Gi' } });
  const db = new HardenedStatefulSet(tenant.namespace('data'), 'db', {
    containers: [{ image: 'registry.example/db:16.4', port: 5432 }],
    writablePaths: ['/var/lib/db', '/tmp'],
  });
  const api = new HardenedDeployment(tenant.namespace('web'), 'api', {
    containers: [{ image: 'registry.example/api:1.4.2', port: 8080 }],
  });
  db.allowFrom(api);
}

/** Another tenant, which neither reaches the shop nor is reached by it. */
function reports(blueprint: Blueprint): void {
  const tenant = new Tenant(blueprint, 'reports', { quota: { cpu: '4', memory: '8Gi' } });
  new HardenedDeployment(tenant.namespace('jobs'), 'worker', {
    containers: [{ image: 'registry.example/worker:2.0.0', port: 9000 }],
    writablePaths: ['/tmp'],
  });
}

if (require.main === module) console.log(cluster().synth().describe());
`;

/** The test of a new project. */
export const SNAPSHOT_TEST = `import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'cdk8s-bulwark/jest';
import type { Manifest } from 'cdk8s-bulwark';
import { cluster } from '../main';

let folder: string;
let manifests: readonly Manifest[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cluster-'));
  manifests = cluster(join(folder, 'dist')).synth().manifests;
});
afterAll(() => rmSync(folder, { recursive: true }));

test('everything passes the hardened profile', () => {
  expect(manifests).toPassControls({ profile: 'hardened', target: 'TARGET' });
});

test('the tenants cannot reach each other', () => {
  expect(manifests).toBeIsolated('shop', 'reports');
});

test('the api reaches the database, and nothing reaches the api', () => {
  expect(manifests).toAllow('shop-web/api', 'shop-data/db', 5432);
  expect(manifests).not.toAllow('shop-data/db', 'shop-web/api', 8080);
});

test('the manifests are those that were reviewed', () => {
  expect(manifests).toMatchSnapshot();
});
`;
