import {
  type Blueprint,
  Guardrails,
  HardenedDeployment,
  Tenant,
  Waivers,
  type GuardrailsProps,
  type TenantProps,
} from '../../../constructs';
import { blueprint } from '../support';

const CONTROL = 'read-only-root-filesystem';

/** A cluster with guard rails and a workload that needs a waiver for each control. */
function guarded(guards: GuardrailsProps, tenant: TenantProps = {}, labels: Record<string, string> = {}) {
  const { cluster } = blueprint('1.30');
  new Guardrails(cluster, 'guardrails', guards);
  const namespace = new Tenant(cluster, 'bank', tenant).namespace('web', { labels });
  const app = new HardenedDeployment(namespace, 'api', {
    containers: [
      {
        image: 'registry.example/api:1.4.2',
        port: 8080,
        securityContext: { readOnlyRootFilesystem: false },
      },
    ],
  });
  Waivers.of(app).waive(CONTROL, { reason: 'the vendor writes into its own folder' });
  return cluster;
}

const waivedBy = (cluster: Blueprint) =>
  cluster
    .synth()
    .summary()
    .waivers.map(({ control }) => control);

describe('a waiver of a workload, where guard rails hold the same control', () => {
  it('fails the synthesis, since the cluster would refuse the workload', () => {
    expect(() => guarded({}).synth()).toThrow(
      `Deployment bank-web/api): metadata.annotations['cdk8s-bulwark/waive.${CONTROL}']: The waiver of '${CONTROL}' does not reach ` +
        'the guard rails, which would refuse the workload in the cluster. A waiver is an annotation, which whoever applies an ' +
        'object can write, so the API server goes by the allowances of the namespace alone. Fix: Add it to the tenant, for every ' +
        `workload of its namespaces: allowances: { waivedControls: ['${CONTROL}'] }; or meet the control and remove the waiver.`,
    );
  });

  it.each<[string, GuardrailsProps, TenantProps]>([
    ['the allowances waive it too', {}, { allowances: { waivedControls: [CONTROL] } }],
    ['nothing is refused yet', { mode: 'audit' }, {}],
    ['the guard rails do not ask for it', { profile: 'restricted' }, {}],
  ])('is enough when %s', (_, guards, tenant) => {
    expect(waivedBy(guarded(guards, tenant))).toContain(CONTROL);
  });

  it('is enough in a namespace whose label asks for warnings, and where a label asks for more it is not', () => {
    const rollOut = (mode: 'deny' | 'warn', label: string) =>
      guarded({ mode, rollOut: true }, {}, { 'cdk8s-bulwark/guardrails': label });
    expect(waivedBy(rollOut('deny', 'warn'))).toContain(CONTROL);
    expect(() => rollOut('warn', 'deny').synth()).toThrow('does not reach the guard rails');
  });
});
