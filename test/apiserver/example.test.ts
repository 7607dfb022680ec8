import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { ClusterTarget } from '../../constructs';
import { CAPABILITIES, secureCluster } from '../../examples/secure-cluster/main';
import {
  type ApiServer,
  BUILT_IN_TYPES,
  corpusFile,
  create,
  describeWithApiServer,
  fillQuotaStatus,
  podOf,
  serverMinor,
} from './harness';
import { until } from './admission/active';

const DIST = join(__dirname, '../../dist');

/** The example needs one definition, which comes with the sealed-secrets controller. */
const DEFINITION = corpusFile('crds', 'bitnami.com_sealedsecrets.yaml');

describeOutput('the committed output of the example', () => DIST, { more: passesItsOwnRules });

// Declared for a server that can take it only: a skipped test would look like one that was forgotten.
if ((serverMinor() ?? 37) >= 37) {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'bulwark-example-'))));
  afterAll(() => rmSync(folder, { recursive: true }));
  const output = () => {
    const outdir = join(folder, 'dist');
    secureCluster(ClusterTarget.kubernetes('1.37', CAPABILITIES), outdir).synth();
    return outdir;
  };
  describeOutput('the example for Kubernetes 1.37', output, { applyAgain: [BUILT_IN_TYPES] });
}

interface OutputOptions {
  /** Flags of `kubectl apply` when it is applied again. @default none, as people do it */
  readonly applyAgain?: readonly string[];
  readonly more?: (given: Given) => void;
}

function describeOutput(title: string, output: () => string, { applyAgain = [], more }: OutputOptions): void {
  const describeOutputOn = (server: () => ApiServer) => {
    let dist: string;
    let manifests: any[];

    beforeAll(() => {
      server().kubectl(['apply', '--server-side', '-f', DEFINITION!]);
      server().kubectl(['wait', '--for=condition=Established', 'crd/sealedsecrets.bitnami.com']);
      dist = output();
      const files = readdirSync(dist).filter((name) => name.endsWith('.yaml'));
      manifests = files.flatMap((file) => loadAll(readFileSync(join(dist, file), 'utf8')));
    });

    const apply: Given['apply'] = (flags = [], files = [dist]) =>
      server().kubectl(['apply', '--validate=strict', ...flags, ...files.flatMap((file) => ['-f', file])]);

    it('is taken by a cluster with the definition that it needs, every object of it and without a warning', () => {
      const { stdout, stderr } = apply();
      expect(lines(stdout).filter((line) => !line.endsWith(' created'))).toEqual([]);
      expect(lines(stdout)).toHaveLength(manifests.length);
      expect(stderr).toBe('');
    });

    it('is guarded by its own rules, as soon as the API server has taken them up', async () => {
      await until(async () => {
        const answers = await Promise.all(BY_HAND.map((one) => one.attempt(server(), manifests)));
        return BY_HAND.flatMap(({ policy }, index) => {
          const { status, body } = answers[index]!;
          return status >= 400 && body.message.includes(`'bulwark-${policy}'`) ? [] : [policy];
        });
      });
    });

    more?.({ server, manifests: () => manifests, apply });

    it('has nothing to change when it is applied again', () => {
      const { stdout } = apply(applyAgain);
      expect(lines(stdout).filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
      expect(lines(stdout)).toHaveLength(manifests.length);
    });

    it('makes every namespace refuse a privileged pod', async () => {
      const namespaces = manifests.filter(({ kind }) => kind === 'Namespace');
      expect(namespaces.length).toBeGreaterThan(1);
      for (const { metadata } of namespaces) {
        const privileged = firstPodOf(manifests, metadata.name);
        privileged.spec.containers[0].securityContext = { privileged: true };
        const { status, body } = await create(server(), privileged);
        expect([metadata.name, status, body.message]).toEqual([
          metadata.name,
          403,
          expect.stringMatching(/violates PodSecurity "restricted:v1\.|'bulwark-pods'/),
        ]);
      }
    });

    it('has every replica of its workloads admitted, within the quota of its namespace', async () => {
      await fillQuotaStatus(server());
      const pods = manifests.flatMap(replicasOf);
      expect(pods.length).toBeGreaterThan(15);
      const refused: string[] = [];
      for (const pod of pods) {
        const { status, body } = await create(server(), pod);
        if (status !== 201) refused.push(body.message);
      }
      expect(refused).toEqual([]);
    });

    it('makes every namespace refuse a pod beyond its quota', async () => {
      const quotas = manifests.filter(
        ({ kind, spec }) => kind === 'ResourceQuota' && spec.hard['limits.cpu'],
      );
      expect(quotas.length).toBeGreaterThan(1);
      for (const { metadata, spec } of quotas) {
        const greedy = firstPodOf(manifests, metadata.namespace);
        const cpu = spec.hard['limits.cpu'];
        greedy.spec.containers[0].resources.limits = { cpu, memory: '1Gi' };
        const { status, body } = await create(server(), greedy);
        expect([status, body.message]).toEqual([403, expect.stringContaining('exceeded quota: quota')]);
      }
    });
  };
  if (!DEFINITION) {
    describe.skip(`${title} (skipped: BULWARK_CORPORA is unset)`, () => it('is taken', () => undefined));
    return;
  }
  // The accounts that pods run under are part of the output, so a pod whose account is missing has to be refused.
  describeWithApiServer(title, describeOutputOn, { serviceAccounts: true });
}

const lines = (text: string) => text.split('\n').filter(Boolean);

/** What a test of an output can use. */
interface Given {
  readonly server: () => ApiServer;
  readonly manifests: () => readonly any[];
  readonly apply: (flags?: readonly string[], files?: readonly string[]) => ReturnType<ApiServer['kubectl']>;
}

function passesItsOwnRules({ server, manifests, apply }: Given): void {
  it('passes its own rules when everything in its namespaces is made anew', () => {
    const made = 'deployments,statefulsets,cronjobs,services,ingresses,networkpolicies,rolebindings';
    for (const { kind, metadata } of manifests()) {
      if (kind !== 'Namespace') continue;
      server().kubectl(['delete', made, '--all', '--wait=false', '-n', metadata.name]);
    }
    const inNamespaces = readdirSync(DIST).filter((name) => name.startsWith('10-'));
    const { stdout, stderr } = apply(
      [BUILT_IN_TYPES],
      inNamespaces.map((name) => join(DIST, name)),
    );
    const anew = new Set(lines(stdout).map((line) => line.replace(/^.* /, '')));
    expect([...anew].sort()).toEqual(['created', 'unchanged']);
    expect(lines(stdout).filter((line) => line.endsWith(' created')).length).toBeGreaterThan(50);
    expect(stderr).toBe('');
  });
}

/** What somebody tries by hand, and the policy that has to be against it. */
const BY_HAND: readonly {
  readonly policy: string;
  readonly attempt: (server: ApiServer, manifests: readonly any[]) => ReturnType<typeof create>;
}[] = [
  {
    policy: 'pods',
    attempt: (server, manifests) => {
      const pod = firstPodOf(manifests, 'shop-web');
      pod.spec.containers[0].securityContext.readOnlyRootFilesystem = false;
      return create(server, pod, { dryRun: true });
    },
  },
  {
    policy: 'controllers',
    attempt: (server, manifests) => {
      const deployment = structuredClone(manifests.find(({ kind }) => kind === 'Deployment'));
      deployment.metadata.name += '-by-hand';
      deployment.spec.template.spec.automountServiceAccountToken = true;
      return create(server, deployment, { dryRun: true });
    },
  },
  {
    policy: 'services',
    attempt: (server) =>
      server.request(
        'POST',
        '/api/v1/namespaces/shop-web/services?dryRun=All',
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'by-hand', namespace: 'shop-web' },
          spec: { type: 'NodePort', ports: [{ port: 80 }], selector: { app: 'frontend' } },
        },
        { as: 'system:serviceaccount:pipelines:shop', groups: ['system:authenticated'] },
      ),
  },
];

/** The pods that run at the same time; of a CronJob, those of one run. */
function replicasOf(manifest: any): any[] {
  const pod = podOf(manifest);
  if (!pod) return [];
  return Array.from({ length: manifest.spec.replicas ?? 1 }, (_, index) => named(pod, `-${index}`));
}

function firstPodOf(manifests: readonly any[], namespace: string): any {
  const workload = manifests.find(
    (manifest) => manifest.metadata.namespace === namespace && podOf(manifest) !== undefined,
  );
  return structuredClone(named(podOf(workload), '-extra'));
}

function named(pod: any, suffix: string): any {
  return { ...pod, metadata: { ...pod.metadata, name: `${pod.metadata.name}${suffix}` } };
}
