import { Testing } from 'cdk8s';
import { Blueprint, ClusterTarget, Guardrails } from '../../../constructs';
import { guardrailManifests, guardrailPolicies } from '../../../src/admission/guardrails';
import { CONTROLS } from '../../../src/controls/catalogue';
import { isPodControl } from '../../../src/controls/control';
import { expressionOf } from '../../../src/controls/judge';
import { isJudgedInCluster, kindsOf, MANIFESTS_ONLY } from '../../../src/admission/object-controls';

const TARGET = ClusterTarget.kubernetes('1.30');
const EVERY = {
  target: TARGET,
  controls: CONTROLS.filter(isJudgedInCluster).map(({ id }) => id),
  podSecurityAdmission: false,
  clusterWide: true,
};

describe('guard rails', () => {
  it('hold every rule of every control that a policy can ask, byte for byte', () => {
    const policies = guardrailPolicies(EVERY);
    const asked = CONTROLS.filter(isJudgedInCluster).filter((one) => one.appliesTo?.(TARGET) !== false);
    expect(asked.length).toBeGreaterThan(100);
    for (const control of asked) {
      if (!isPodControl(control) && control.scope !== 'object') continue;
      const rule = expressionOf(control, TARGET);
      const of = policies.flatMap(({ validations }) => validations.filter(({ id }) => id === control.id));
      expect([control.id, of.length > 0]).toEqual([control.id, true]);
      expect(of.filter(({ expression }) => !expression.includes(rule))).toEqual([]);
    }
  });

  it('know the resource of every kind that a control is about, or that no policy can be about it', () => {
    const left = CONTROLS.filter((control) => control.scope === 'object')
      .filter((control) => kindsOf(control).length < control.kinds.length)
      .flatMap((control) => control.kinds.filter((kind) => !kindsOf(control).includes(kind)));
    // The API server asks no policy about policies and webhooks, and none about files of nodes.
    expect(
      [...new Set(left)].filter(
        (kind) => !/^(admissionregistration|apiserver|kubelet|kubeproxy)[.]/.test(kind),
      ),
    ).toEqual([]);
    expect(Object.keys(MANIFESTS_ONLY).filter((id) => !CONTROLS.some((one) => one.id === id))).toEqual([]);
  });

  it('leave Pods to the label of Pod Security, and not what makes them', () => {
    const about = (policy: string) =>
      guardrailPolicies({ target: TARGET })
        .filter(({ name }) => name === policy)
        .flatMap(({ validations }) => validations.map(({ id }) => id));
    expect(about('bulwark-pods')).not.toContain('no-privileged-container');
    expect(about('bulwark-baseline-controllers')).toContain('no-privileged-container');
    expect(about('bulwark-restricted-cron-jobs')).toContain('seccomp-profile');
    expect(about('bulwark-pods')).toContain('read-only-root-filesystem');
  });

  it('are in one mode, or in that of the label of the namespace', () => {
    const bindings = (options: object) =>
      guardrailManifests({ target: TARGET, ...options })
        .filter(({ metadata }) => metadata!.name!.startsWith('bulwark-pods-'))
        .map(({ metadata, spec }: any) => [
          metadata.name,
          spec.validationActions,
          spec.matchResources.namespaceSelector.matchExpressions.slice(1),
        ]);
    const label = 'cdk8s-bulwark/guardrails';
    expect(bindings({ mode: 'audit' })).toEqual([['bulwark-pods-audit', ['Audit'], []]]);
    expect(bindings({ rollOut: true })).toEqual([
      ['bulwark-pods-deny', ['Deny'], [{ key: label, operator: 'NotIn', values: ['warn', 'audit'] }]],
      ['bulwark-pods-warn', ['Warn'], [{ key: label, operator: 'In', values: ['warn'] }]],
      ['bulwark-pods-audit', ['Audit'], [{ key: label, operator: 'In', values: ['audit'] }]],
    ]);
  });

  it('require allowances where they refuse alone, since the API server would refuse in any mode', () => {
    const gates = (options: object) =>
      guardrailManifests({ target: TARGET, ...options })
        .map(({ metadata }) => metadata!.name!)
        .filter((name) => name.startsWith('bulwark-allowances'));
    expect(gates({})).toEqual(['bulwark-allowances', 'bulwark-allowances-deny']);
    expect(gates({ mode: 'warn' })).toEqual([]);
    expect(gates({ mode: 'audit' })).toEqual([]);
    expect(gates({ mode: 'audit', rollOut: true })).toEqual([
      'bulwark-allowances',
      'bulwark-allowances-deny',
    ]);
    expect(gates({ rollOut: true })).toEqual(['bulwark-allowances', 'bulwark-allowances-deny']);
  });

  it('require allowances for every request that brings a pod or changes its containers', () => {
    const policies = guardrailPolicies({ target: TARGET });
    const gate = policies.find(({ name }) => name === 'bulwark-allowances')!;
    const requests = (rules: typeof gate.resources) =>
      rules.flatMap(({ apiGroups, operations, resources }) =>
        resources.flatMap((one) => operations.map((verb) => `${verb} ${apiGroups.join()}/${one}`)),
      );
    const asked = policies
      .filter(({ readsAllowances }) => readsAllowances)
      .flatMap((one) => requests(one.resources));
    const judged = asked.filter((one) => /^CREATE |UPDATE .*pods[/]/.test(one));
    expect(judged).toContain('UPDATE /pods/ephemeralcontainers');
    expect(judged.filter((one) => !requests(gate.resources).includes(one))).toEqual([]);
  });

  it('repair before they judge where that is asked for, in the namespaces of tenants alone', () => {
    const options = { target: ClusterTarget.kubernetes('1.36'), breakGlassGroups: ['fire'] };
    const manifests = guardrailManifests({ ...options, repairs: true });
    const repairs = manifests.filter(({ kind }) => kind.startsWith('Mutating'));
    expect(manifests.slice(repairs.length)).toEqual(guardrailManifests(options));
    expect(repairs.map(({ metadata }) => metadata!.name)).toEqual(
      ['pods', 'controllers', 'cron-jobs', 'pod-templates'].flatMap((name) => [
        `bulwark-repair-${name}`,
        `bulwark-repair-${name}`,
      ]),
    );
    const [policy, binding] = repairs as any[];
    expect(policy.spec.matchConditions.map(({ name }: any) => name)).toEqual([
      'not-in-an-emergency',
      'brings-a-pod',
    ]);
    expect(policy.spec.matchConstraints.resourceRules[0]).toMatchObject({
      operations: ['CREATE'],
      resources: ['pods'],
    });
    expect(binding.spec.matchResources.namespaceSelector.matchExpressions).toEqual([
      { key: 'cdk8s-bulwark/tenant', operator: 'Exists' },
    ]);
  });

  it.each([
    [{ platformGroups: ['system:authenticated'] }, "The group 'system:authenticated' cannot be exempt"],
    [{ breakGlassGroups: ['system:serviceaccounts'] }, "The group 'system:serviceaccounts' cannot be exempt"],
    [
      { controls: ['no-plaintext-secret'] },
      "cannot hold anybody to 'no-plaintext-secret': the API server holds",
    ],
    [
      { repairs: true },
      'MutatingAdmissionPolicy v1, which the API server has from 1.36 on, and the target is 1.30',
    ],
    [{ controls: ['no-root'] }, "cannot hold anybody to 'no-root': there is no such control"],
  ])('are refused with %j', (options, message) => {
    expect(() => guardrailManifests({ target: TARGET, ...options })).toThrow(message);
  });

  it('are refused before 1.30, unless they are to be left out', () => {
    const cluster = new Blueprint({ target: ClusterTarget.kubernetes('1.29') });
    expect(() => new Guardrails(cluster, 'a')).toThrow(
      'Guard rails need ValidatingAdmissionPolicy v1, which the API server has from 1.30 on, and the target is 1.29',
    );
    expect(Testing.synth(new Guardrails(cluster, 'b', { olderTarget: 'leave-out' }))).toEqual([]);
  });

  it('are objects of a chart, without a namespace', () => {
    const manifests = Testing.synth(new Guardrails(Testing.app(), 'guardrails'));
    expect(manifests).toEqual(guardrailManifests({ target: TARGET }));
  });
});
