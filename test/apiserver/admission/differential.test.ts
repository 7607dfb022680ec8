import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { guardrailPolicies } from '../../../src/admission/guardrails';
import { isClusterWide, isJudgedInCluster, resourceRuleOf } from '../../../src/admission/object-controls';
import { GUARD_GROUPS, POD_GUARDS } from '../../../src/admission/guards';
import { CONTROLS } from '../../../src/controls/catalogue';
import { checkManifests } from '../../../src/controls/check';
import { isPodControl } from '../../../src/controls/control';
import { bindControl, expressionOf, subjectsOf } from '../../../src/controls/judge';
import { hardenManifest } from '../../../src/hardening/harden';
import { groupOf, withoutNulls, type Manifest } from '../../../src/manifest/manifest';
import { podTemplateOf } from '../../../src/manifest/pod';
import { exampleOf, PLAIN_POD } from '../../../src/report/control-example';
import { allowancesConfigMap } from '../../../src/tenancy/allowances';
import { ClusterTarget } from '../../../src/target/target';
import { WORKLOAD_KINDS, workloadOf, workloads } from '../../support/pod-arbitrary';
import { type ApiServer, corpusFile, describeWithApiServer, serverMinor } from '../harness';
import { podArbitrary } from '../pods';
import { createAll, until } from './active';
import { ask as askWithWarnings, warningManifests, type Request, type Warned } from './warned';
import { framed, legal } from './legal';
import { REGRESSIONS } from './regressions';

const SEED = 20_261_124;
const NAMESPACE = 'tenant';
const GENERATED = Number(process.env.BULWARK_DIFFERENTIAL_PODS ?? 1000);
const PARAMETERS = { registries: ['registry.example/'] };
const MINOR = serverMinor() ?? 37;
const TARGET = ClusterTarget.kubernetes(`1.${MINOR}`);

// An older server drops these fields unless the features are enabled, and so would have nothing to judge.
const FEATURES = ['--feature-gates=ProcMountType=true,UserNamespacesSupport=true'];

const JUDGED = CONTROLS.filter(isJudgedInCluster);
const GUARDS = new Set([...POD_GUARDS, ...GUARD_GROUPS.flatMap(({ guards }) => guards)].map(({ id }) => id));
const IDS = new Set(JUDGED.map(({ id }) => id));
/** Everything that a policy can ask, of everybody. */
const OPTIONS = {
  target: TARGET,
  controls: [...IDS],
  podSecurityAdmission: false,
  clusterWide: true,
  platformGroups: [],
} as const;

/** Controls of what the API server's own validation refuses, before it asks a policy. */
const REFUSED_ANYWAY = ['no-host-endpoint', 'no-host-endpoints', 'pss-proc-mount', 'apparmor-agrees'];

/** Something to judge, in Node and by the server. */
interface Case {
  readonly name: string;
  readonly manifest: Manifest;
  readonly request: Request;
  /** Ids of the controls that do not hold, as Node has it. */
  readonly expected: readonly string[];
}

const collections: Readonly<Record<string, string>> = {
  Pod: 'api/v1/namespaces/tenant/pods',
  PodTemplate: 'api/v1/namespaces/tenant/podtemplates',
  ReplicationController: 'api/v1/namespaces/tenant/replicationcontrollers',
  Deployment: 'apis/apps/v1/namespaces/tenant/deployments',
  StatefulSet: 'apis/apps/v1/namespaces/tenant/statefulsets',
  DaemonSet: 'apis/apps/v1/namespaces/tenant/daemonsets',
  ReplicaSet: 'apis/apps/v1/namespaces/tenant/replicasets',
  Job: 'apis/batch/v1/namespaces/tenant/jobs',
  CronJob: 'apis/batch/v1/namespaces/tenant/cronjobs',
};

describeWithApiServer(
  'Node and the API server',
  (server) => {
    let verdicts = 0;

    beforeAll(async () => {
      await createAll(server(), [
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: NAMESPACE, labels: { 'cdk8s-bulwark/tenant': 'shop' } },
        },
        allowancesConfigMap(NAMESPACE, PARAMETERS),
        ...warningManifests(guardrailPolicies(OPTIONS)),
      ]);
      // Each policy is about some kinds, and in force when it is against an example of one of them.
      const failing = ownCases().filter(({ expected }) => expected.length > 0);
      const probes = [...new Map(failing.map((one) => [one.manifest.kind, one])).values()];
      await until(async () => {
        const answers = await ask(server(), probes);
        return probes.flatMap(({ name, expected }, index) => {
          const { failed, message = '' } = answers[index]!;
          if (isRefusedAnyway(expected)) return [];
          return expected.filter((id) => !failed.includes(id)).map((id) => `${id} (${name}) ${message}`);
        });
      });
    }, 120_000);

    afterAll(() =>
      console.log(`${verdicts} objects judged by ${IDS.size} controls on Kubernetes 1.${MINOR}`),
    );

    /** Compares, and fails where a verdict differs or where the server refused to judge. */
    async function agree(cases: readonly Case[], isLegal = (_: Warned) => true): Promise<number> {
      const answers = await ask(server(), cases);
      const judged = cases.flatMap((one, index) => {
        const answer = answers[index]!;
        return isLegal(answer) ? [{ ...one, answer }] : [];
      });
      const wrong = judged.flatMap(({ name, manifest, expected, answer }) =>
        (answer.status < 300 && answer.failed.join() === expected.join()) ||
        (answer.status === 422 && isRefusedAnyway(expected))
          ? []
          : [
              {
                name,
                node: expected,
                server: answer.failed,
                message: answer.message,
                manifest: JSON.stringify(manifest),
              },
            ],
      );
      expect(wrong.slice(0, 20)).toEqual([]);
      verdicts += judged.length;
      return judged.length;
    }

    it('agree on the examples of every control, in every kind that makes pods', async () => {
      const cases = ownCases();
      expect(new Set(cases.flatMap(({ expected }) => expected))).toEqual(applicable());
      expect(await agree(cases)).toBe(cases.length);
    });

    it('agree on the published cases of Pod Security', async () => {
      const cases = casesOf(published().map((manifest, index) => [`published ${index}`, manifest]));
      expect(await agree(cases)).toBeGreaterThan(120);
    });

    it.each(REGRESSIONS)('agree on $about', async ({ about, pod }) => {
      const cases = casesOf(WORKLOAD_KINDS.map((kind) => [`${about} in ${kind}`, inKind(kind, pod)]));
      expect(await agree(cases)).toBe(cases.length);
    });

    it('agree on generated pods', async () => {
      const pods = fc.sample(podArbitrary({ minor: MINOR, unsafe: true }), {
        numRuns: GENERATED,
        seed: SEED,
      });
      await agree(casesOf(pods.map((pod, index) => [`pod ${index}`, pod])));
    });

    it('agree on ephemeral containers of a running pod', async () => {
      const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
      const hardened = hardenManifest(PLAIN_POD, { target: TARGET }).manifest;
      const { body: running } = await server().request('POST', path, {
        ...hardened,
        metadata: { name: 'running', namespace: NAMESPACE },
      });
      const pods = fc.sample(podArbitrary({ minor: MINOR, unsafe: true }), {
        numRuns: GENERATED / 4,
        seed: SEED,
      });
      const cases = pods.map((pod, index): Case => {
        const manifest = withEphemeral(running, withoutNulls(pod.spec.containers));
        const request: Request = ['PUT', `${path}/running/ephemeralcontainers?dryRun=All`, manifest];
        return { name: `ephemeral ${index}`, manifest, request, expected: failingEphemeral(manifest).sort() };
      });
      expect(new Set(cases.flatMap(({ expected }) => expected)).size).toBeGreaterThan(8);
      await agree(cases);
    });

    it('agree on generated workloads', async () => {
      const drawn = fc.sample(workloads({ unsafe: true }), { numRuns: GENERATED, seed: SEED });
      await agree(
        casesOf(drawn.map(({ manifest }, index) => [`workload ${index}`, legal(manifest, `w${index}`)])),
      );
    });
  },
  { args: MINOR < 33 ? FEATURES : [] },
);

async function ask(server: ApiServer, cases: readonly Case[]): Promise<Warned[]> {
  const answers = await askWithWarnings(
    server,
    cases.map(({ request }) => request),
  );
  // Guards, which no manifest alone decides, have a suite of their own.
  return answers.map((answer) => ({ ...answer, failed: answer.failed.filter((id) => !GUARDS.has(id)) }));
}

function isRefusedAnyway(failing: readonly string[]): boolean {
  return failing.some((id) => REFUSED_ANYWAY.includes(id));
}

/** Ids of the controls that apply to the target. */
function applicable(): Set<string> {
  return new Set(JUDGED.filter((control) => control.appliesTo?.(TARGET) !== false).map(({ id }) => id));
}

function ownCases(): Case[] {
  const asked = applicable();
  const examples = JUDGED.filter(({ id }) => asked.has(id)).flatMap((control) => {
    const { fails, passes } = exampleOf(control);
    return [...fails, ...passes].flatMap((manifest): Named[] =>
      isPodControl(control)
        ? WORKLOAD_KINDS.map((kind) => [`${control.id} in ${kind}`, inKind(kind, manifest)])
        : [[control.id, manifest]],
    );
  });
  return casesOf(examples);
}

function inKind(kind: string, pod: Manifest): Manifest {
  const { metadata, spec } = withoutNulls(pod);
  const template = { metadata: { annotations: metadata?.annotations ?? {} }, spec };
  return framed(workloadOf(kind, template), 'example');
}

type Named = readonly [name: string, manifest: Manifest];

/** All are judged in one go, since to prepare the controls takes longer than to ask them about an object. */
function casesOf(given: readonly Named[]): Case[] {
  const cases = given.map(([name, manifest]) => ({ name, ...sendable(manifest) }));
  const failing = failingIn(cases.map(({ manifest }) => manifest));
  return cases.map((one) => ({ ...one, expected: [...failing.get(one.manifest)!].sort() }));
}

/** The object as it is sent, with the request that does so. */
function sendable(given: Manifest): Pick<Case, 'manifest' | 'request'> {
  // Jest's structuredClone makes arrays of another realm, which the evaluator does not know as arrays.
  const manifest: Manifest = JSON.parse(JSON.stringify(given));
  const kindPath = collections[manifest.kind];
  const object = { ...manifest, metadata: { ...manifest.metadata, name: legalName(manifest) } };
  const path = kindPath ?? pathOf(manifest);
  const namespaced = path.includes('/namespaces/tenant/');
  const sent = namespaced ? { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } } : object;
  return { manifest: sent, request: ['POST', `/${path}?dryRun=All`, sent] };
}

/** Names decide nothing, save those of Namespaces and of the objects that controls know by name. */
function legalName({ metadata }: Manifest): string {
  return (metadata?.name ?? 'nameless').replaceAll('_', '-');
}

function pathOf(manifest: Manifest): string {
  const kind = kindOf(manifest);
  const root = kind.includes('/') ? `apis/${manifest.apiVersion}` : `api/${manifest.apiVersion}`;
  const [plural] = resourceRuleOf(kind).resources;
  return isClusterWide(kind) ? `${root}/${plural}` : `${root}/namespaces/${NAMESPACE}/${plural}`;
}

function kindOf(manifest: Manifest): string {
  const group = groupOf(manifest);
  return group === '' ? manifest.kind : `${group}/${manifest.kind}`;
}

/** The verdicts in Node: ids of the controls that do not hold. */
function failingIn(manifests: readonly Manifest[]): ReadonlyMap<Manifest, ReadonlySet<string>> {
  const options = { target: TARGET, controls: JUDGED, parameters: PARAMETERS };
  const failing = new Map(manifests.map((manifest) => [manifest, new Set<string>()]));
  for (const { manifest, control } of checkManifests(manifests, options))
    failing.get(manifest)!.add(control.id);
  return failing;
}

/** Containers as `kubectl debug` adds them: without what the API server allows in none of them. */
function withEphemeral(pod: any, containers: readonly any[]): any {
  const ephemeralContainers = containers.map(
    (
      {
        ports: _1,
        livenessProbe: _2,
        readinessProbe: _3,
        startupProbe: _4,
        lifecycle: _5,
        resources: _6,
        ...rest
      },
      index,
    ) => ({
      ...rest,
      // The running pod has no user namespace of its own, without which the API server takes no other.
      ...(rest.securityContext?.procMount && {
        securityContext: { ...rest.securityContext, procMount: 'Default' },
      }),
      name: `debug${index}`,
    }),
  );
  return { ...pod, spec: { ...pod.spec, ephemeralContainers } };
}

/** The rest of the pod was judged when it was made, so only what can be new is. */
function failingEphemeral(manifest: Manifest): string[] {
  const pod = podTemplateOf(manifest)!;
  return JUDGED.filter(isPodControl)
    .filter((control) => {
      const bound = bindControl(control, TARGET);
      const subjects = bound ? subjectsOf(bound, pod) : [];
      const concerned =
        control.scope === 'pod'
          ? subjects.filter(() => expressionOf(control, TARGET).includes('ephemeralContainers'))
          : subjects.filter(({ list }) => list === 'ephemeralContainers');
      return concerned.some(({ container }) => !bound!.holds(pod, container, PARAMETERS));
    })
    .map(({ id }) => id);
}

/** Every different pod that Kubernetes' own tests of Pod Security have for the version and older ones. */
function published(): Manifest[] {
  const root = corpusFile('pod-security');
  if (!root) return [];
  const texts = new Set<string>();
  for (const level of ['baseline', 'restricted']) {
    for (let minor = 27; minor <= MINOR; minor++) {
      for (const verdict of ['pass', 'fail']) {
        const folder = `${root}/${level}/v1.${minor}/${verdict}`;
        for (const file of readdirSync(folder)) {
          texts.add(JSON.stringify(load(readFileSync(`${folder}/${file}`, 'utf8'))));
        }
      }
    }
  }
  return [...texts].map((text) => JSON.parse(text) as Manifest);
}
