import { ApiObject, Chart } from 'cdk8s';
import { loadAll } from 'js-yaml';
import { Blueprint, ClusterTarget, Waivers } from '../../constructs';
import { create, createRestrictedNamespace, describeWithApiServer } from './harness';
import { STOCK_WORKLOADS, stockWorkloads } from './stock-app';

const NAMESPACE = 'stock';

/**
 * The one thing that every `kubectl apply` patches, and to no effect: the server completes each claim template by a status,
 * which belongs into nobody's manifest, and kubectl compares the templates as a whole.
 */
const WITH_CLAIM_TEMPLATES = 'raw-stateful-set';

/** Ways to write an amount, as YAML reads them. */
const QUANTITIES = [
  ...[
    '0',
    '0m',
    '0Gi',
    '1',
    '1000m',
    '1500m',
    '0.5',
    '.5',
    '2.50',
    '0.001',
    '1024',
    '2000',
    '1n',
    '100u',
    '01',
    '5.',
  ],
  ...['1000M', '1024M', '1500M', '1k', '1000k', '1G', '128974848', '1e3', '1E3', '129e6', '5e-3', '1E', '+5'],
  ...[
    '1Ki',
    '1023Ki',
    '0.5Ki',
    '1.1Ki',
    '512Mi',
    '1024Mi',
    '1536Mi',
    '0.5Gi',
    '1.3Gi',
    '1.5Gi',
    '1000Gi',
    '1Ei',
  ],
  ...[1, 0.5, 2000, 1.25],
];

describeWithApiServer('what a Blueprint writes', (server) => {
  it('is unchanged by a second apply, whatever of cdk8s-plus is in it', async () => {
    await createRestrictedNamespace(server(), NAMESPACE);
    const blueprint = new Blueprint({ target: ClusterTarget.kubernetes('1.30') });
    stockWorkloads(blueprint, NAMESPACE);
    for (const control of ['pod-network-isolated', 'namespace-default-deny', 'secret-as-file']) {
      Waivers.of(blueprint).waive(control, { reason: 'nothing runs in this test' });
    }
    const input = blueprint.synthYaml();
    const apply = () => {
      const { stdout } = server().kubectl(['apply', '--validate=strict', '-f', '-'], { input });
      return stdout.trimEnd().split('\n');
    };
    const first = apply();
    expect(first.length).toBeGreaterThanOrEqual(STOCK_WORKLOADS);
    expect(first.filter((line) => !line.endsWith(' created'))).toEqual([]);
    const changed = apply().filter((line) => !line.endsWith(' unchanged'));
    expect(changed).toEqual([`statefulset.apps/${WITH_CLAIM_TEMPLATES} configured`]);
  });

  it('has every quantity in the form in which the API server gives it back', async () => {
    const blueprint = new Blueprint({ target: ClusterTarget.kubernetes('1.30') });
    const chart = new Chart(blueprint, 'quantities', { namespace: 'default' });
    QUANTITIES.forEach((cpu, index) => {
      new ApiObject(chart, `quota-${index}`, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        spec: { hard: { 'requests.cpu': cpu } },
      });
    });
    const written: any[] = loadAll(blueprint.synthYaml());
    const stored = await Promise.all(
      written.map(async (quota) => (await create(server(), quota, { dryRun: true })).body.spec?.hard),
    );
    expect(written.map(({ spec }) => spec.hard)).toEqual(stored);
  });
});
