import { guardrailManifests, guardrailPolicies } from '../../../src/admission/guardrails';
import { policyManifest, type GuardPolicy } from '../../../src/admission/policy';
import { hardenManifest } from '../../../src/hardening/harden';
import type { Manifest } from '../../../src/manifest/manifest';
import { PLAIN_POD } from '../../../src/report/control-example';
import { allowancesConfigMap } from '../../../src/tenancy/allowances';
import { ClusterTarget } from '../../../src/target/target';
import { type ApiServer, create, describeWithApiServer, serverMinor } from '../harness';
import { createAll, until } from './active';

const MINOR = serverMinor() ?? 37;
const TARGET = ClusterTarget.kubernetes(`1.${MINOR}`);
const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';

// Types are checked by kube-controller-manager, which is not there for every version.
if (MINOR >= 37) {
  describeWithApiServer(
    'the types of the policies',
    (server) => {
      it('are what the API server knows of every kind, and a field that there is not is found', async () => {
        const misspelled = { id: 'a', expression: 'object.spec.hostNetwrok == true', message: 'a' };
        const policies = guardrailPolicies({ target: TARGET, podSecurityAdmission: false });
        const [pods] = policies.filter(({ name }) => name === 'bulwark-pods');
        const inlined = withoutVariables(pods!);
        await createAll(server(), [
          ...guardrailManifests({ target: TARGET }),
          policyManifest({ ...inlined, name: 'inlined', validations: [...inlined.validations, misspelled] }),
        ]);
        const warnings = (await checkedPolicies(server())).flatMap(({ metadata, status }) =>
          (status.typeChecking?.expressionWarnings ?? []).map(({ warning }: any) => [metadata.name, warning]),
        );
        expect(warnings.filter(([name]) => name !== 'inlined')).toEqual([]);
        // While it judges, the server knows no types: it is of no matter whether values of two types may stand in one list, and
        // whether one may look through the keys of a volume, after which the checker does not know the fields of the volume.
        const isLost = (text: string) => text.includes('cannot be range of a comprehension');
        const undefinedFields = warnings.filter(
          ([, text]) => text.includes('undefined field') && !isLost(text),
        );
        expect(undefinedFields).toEqual([
          ['inlined', expect.stringContaining("undefined field 'hostNetwrok'")],
        ]);
      });
    },
    { controllerManager: true },
  );
}

/** The same rules with variables written out, since the types of variables are not checked. */
function withoutVariables(policy: GuardPolicy): GuardPolicy {
  const values = new Map(policy.variables?.map(({ name, expression }) => [name, expression]));
  const inline = (expression: string): string =>
    expression.replaceAll(/variables[.](\w+)/g, (_, name: string) => `(${inline(values.get(name)!)})`);
  return {
    ...policy,
    variables: [],
    validations: policy.validations.map((one) => ({ ...one, expression: inline(one.expression) })),
  };
}

async function checkedPolicies(server: ApiServer): Promise<any[]> {
  let items: any[] = [];
  await until(async () => {
    ({ items } = (await server.request('GET', POLICIES)).body);
    return items.filter(({ status }) => !status?.observedGeneration).map(({ metadata }) => metadata.name);
  });
  return items;
}

describeWithApiServer('the cost of the policies', (server) => {
  const namespace = 'shop-web';

  beforeAll(async () => {
    const labels = { 'cdk8s-bulwark/tenant': 'shop' };
    await createAll(server(), [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
      allowancesConfigMap(namespace, { registries: ['registry.example/'] }),
      ...guardrailManifests({ target: TARGET, podSecurityAdmission: false }),
    ]);
    await until(async () => {
      const refused = await create(
        server(),
        podOf({ containers: 1, variables: 1 }, 'evil.example/api:1.0.0'),
        {
          dryRun: true,
        },
      );
      return refused.status === 403 ? [] : ['bulwark-pods'];
    });
  }, 120_000);

  /** A hardened pod with so many containers, each with so many variables, volumes and ports. */
  function podOf(
    size: { containers: number; variables: number },
    image = 'registry.example/api:1.0.0',
  ): Manifest {
    const pod = hardenManifest(PLAIN_POD, { target: TARGET }).manifest as any;
    const [first] = pod.spec.containers;
    const env = Array.from({ length: size.variables }, (_, index) => ({
      name: `SETTING_NUMBER_${index}`,
      value: `https://service-${index}.example.com/path/to/something?mode=dark`,
    }));
    const containers = Array.from({ length: size.containers }, (_, index) => ({
      ...first,
      name: `c${index}`,
      image,
      env,
    }));
    const metadata = { ...pod.metadata, name: 'large', namespace };
    return { ...pod, metadata, spec: { ...pod.spec, containers } };
  }

  it.each([
    { containers: 1, variables: 100 },
    { containers: 1, variables: 1000 },
    { containers: 20, variables: 50 },
    { containers: 200, variables: 5 },
    { containers: 300, variables: 20 },
  ])('is within the budget for $containers containers of $variables variables each', async (size) => {
    const { status, body } = await create(server(), podOf(size), { dryRun: true });
    expect([status, body.message]).toEqual([201, undefined]);
  });
});
