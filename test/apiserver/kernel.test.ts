import fc from 'fast-check';
import { ClusterTarget } from '../../constructs';
import { type Hardened, hardenManifest } from '../../src/hardening/harden';
import {
  type ApiServer,
  create,
  createRestrictedNamespace,
  describeWithApiServer,
  serverMinor,
} from './harness';
import { podArbitrary } from './pods';

const SEED = 20_261_124;
const OLDEST = 30;

/** What the policy calls that which a control forbids. */
const REASONS: Readonly<Record<string, string>> = {
  'no-privileged-container': 'privileged',
  'no-host-network': 'host namespaces',
  'no-host-pid': 'host namespaces',
  'no-host-ipc': 'host namespaces',
  'restricted-volume-types': 'restricted volume types',
  'no-host-port': 'hostPort',
  'capabilities-drop-all': 'unrestricted capabilities',
  'capabilities-add-limited': 'unrestricted capabilities',
  'no-privilege-escalation': 'allowPrivilegeEscalation != false',
  'run-as-non-root': 'runAsNonRoot != true',
  'run-as-user-not-zero': 'runAsUser=0',
  'seccomp-profile': 'seccompProfile',
  'selinux-options': 'seLinuxOptions',
  'default-proc-mount': 'procMount',
  'safe-sysctls': 'forbidden sysctls',
  'no-windows-host-process': 'hostProcess',
  'no-probe-host': 'probe or lifecycle host',
  'apparmor-profile': 'forbidden AppArmor profile',
};

/** Controls that no chosen value can break, since they are repaired whatever was chosen. */
const ALWAYS_REPAIRED = ['capabilities-drop-all'];

// An older server drops these fields unless the features are enabled, and so would have nothing to refuse.
const FEATURES = ['--feature-gates=ProcMountType=true,UserNamespacesSupport=true'];
const minor = serverMinor() ?? 37;

/** The ways to ask for AppArmor matter for what the server says to a pod that asks in another. */
const TARGETS = [
  [30, {}],
  [30, { appArmor: 'both' }],
  [30, { appArmor: 'annotation' }],
  [30, { appArmor: 'none' }],
  [33, {}],
  [35, {}],
  [37, {}],
  [37, { appArmor: 'both' }],
] as const;

const minors = (from: number) => Array.from({ length: minor - from + 1 }, (_, index) => from + index);
const served = [30, 33, 35, 37].filter((one) => one <= minor);
const policyOf = (one: number) => `restricted-${one}`;

describeWithApiServer(
  'a generated pod',
  (server) => {
    beforeAll(async () => {
      for (const one of minors(OLDEST)) await createRestrictedNamespace(server(), policyOf(one), `v1.${one}`);
    });

    it.each(TARGETS.filter(([one]) => one <= minor))(
      'that is unsafe nowhere is admitted by every policy from 1.%i once it is hardened for that: %o',
      async (one, capabilities) => {
        const pods = sample({ minor: one, unsafe: false }, 80);
        const target = ClusterTarget.kubernetes(`1.${one}`, capabilities);
        const hardened = pods.map((pod) => hardenManifest(pod, { target }));
        expect(hardened.flatMap(falseAlarms)).toEqual([]);
        for (const policy of minors(one)) {
          const answers = await ask(
            server(),
            policy,
            hardened.map(({ manifest }) => manifest),
          );
          const refused = answers.filter(({ message }) => message !== undefined);
          expect(refused.map((answer) => JSON.stringify(answer))).toEqual([]);
        }
      },
    );

    it.each(served)('is mostly refused by the policy of 1.%i as long as it is not hardened', async (one) => {
      const pods = sample({ minor: one, unsafe: false }, 80);
      const refused = (await ask(server(), one, pods)).filter(({ message }) => message !== undefined);
      expect(refused.length).toBeGreaterThan(60);
    });

    it.each(served)(
      'that is unsafe somewhere is refused by the policy of 1.%i for just what the kernel reports',
      async (one) => {
        const target = ClusterTarget.kubernetes(`1.${one}`);
        const pods = sample({ minor: one, unsafe: true }, 300);
        const hardened = pods.map((pod) => hardenManifest(pod, { target }));
        const answers = await ask(
          server(),
          one,
          hardened.map(({ manifest }) => manifest),
        );
        const compared = hardened.map(({ manifest, violations }, index) => {
          const broken = violations
            .map(({ control }) => control.id)
            .filter((id) => isForbidden(id, manifest, one));
          return { manifest, broken, ours: reasons(broken), theirs: reasonsOf(answers[index]!.message) };
        });
        const disagreements = compared.filter(({ ours, theirs }) => ours.join() !== theirs.join());
        expect(disagreements.map((one) => JSON.stringify(one))).toEqual([]);

        // Both would agree on nothing at all, too.
        const seen = new Set(compared.flatMap(({ broken }) => broken));
        const expected = Object.keys(REASONS).filter(
          (id) => !ALWAYS_REPAIRED.includes(id) && (id !== 'no-probe-host' || one >= 34),
        );
        expect([...seen].sort()).toEqual(expected.sort());
      },
    );
  },
  { args: minor < 33 ? FEATURES : [] },
);

/** What the kernel holds against a pod that the policy has nothing against. Other controls have tests of their own. */
function falseAlarms({ manifest, violations }: Hardened): string[] {
  return violations
    .filter(({ control }) => control.id in REASONS)
    .map(({ control, path }) => `${control.id} at ${path}: ${JSON.stringify(manifest)}`);
}

function sample(options: Parameters<typeof podArbitrary>[0], numRuns: number): any[] {
  return fc.sample(podArbitrary(options), { numRuns, seed: SEED });
}

/** What the API server says to pods in the namespace of a policy version; no message where it admits one. */
async function ask(
  server: ApiServer,
  policy: number,
  pods: readonly any[],
): Promise<{ pod: any; message?: string }[]> {
  return Promise.all(
    pods.map(async (pod) => {
      const metadata = { ...pod.metadata, namespace: policyOf(policy) };
      const { status, body } = await create(server, { ...pod, metadata }, { dryRun: true });
      return { pod, ...(status !== 201 && { message: body.message as string }) };
    }),
  );
}

/**
 * Whether the policy of that version forbids what the control does. We are stricter in two things, for the sake of nodes
 * and servers that are behind: a host in a probe, and root in a user namespace.
 */
function isForbidden(id: string, { spec }: any, policy: number): boolean {
  if (id === 'no-probe-host') return policy >= 34;
  if (id === 'run-as-non-root' || id === 'run-as-user-not-zero')
    return policy < 35 || spec.hostUsers !== false;
  return id in REASONS;
}

function reasons(broken: readonly string[]): string[] {
  return [...new Set(broken.map((id) => REASONS[id]!))].sort();
}

/** `A (detail, detail), B (detail)` without the details, which name containers and values. */
function reasonsOf(message: string | undefined): string[] {
  if (message === undefined) return [];
  const [, list] = /violates PodSecurity "restricted:v1\.\d+": (.*)$/s.exec(message) ?? [];
  // Whatever else the server has against a pod is a mistake of whoever made the pods.
  if (list === undefined) return [message];
  let depth = 0;
  const outside = [...list].filter((char) => {
    if (char === '(') depth += 1;
    const isOutside = depth === 0;
    if (char === ')') depth -= 1;
    return isOutside;
  });
  return outside
    .join('')
    .split(',')
    .map((reason) => reason.trim().replace(/profiles$/, 'profile'))
    .sort();
}
