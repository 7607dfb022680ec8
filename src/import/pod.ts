import { containerProps } from './container';
import type { Declaration, MadePod, MethodCall, Props } from './made';
import { Unsaid, type Reading } from './reading';
import { choice, reference, seconds, verbatim, type Code } from './source-text';
import { volumesOf } from './volumes';

/** A pod as properties of a hardened workload. */
export interface PodProps {
  readonly props: Props;
  readonly declarations: readonly Declaration[];
  readonly pod: MadePod;
}

/** What has to be known of a workload to read its pods. */
export interface PodOwner {
  /** Name of the workload. */
  readonly name: string;
  /** Whether its pods talk to the API server with the token of their account. */
  readonly needsToken: boolean;
  /** Labels that all of its pods have and no others. */
  readonly labels: Readonly<Record<string, string>>;
  /** When pods are started anew where nothing is said. */
  readonly restartPolicy: 'Always' | 'Never';
}

/** @throws Unsaid for what no property and no patch says. */
export function podProps(pod: Reading, owner: PodOwner): PodProps {
  const named = accountOf(pod);
  // What the API server defaults, and cdk8s-plus and the hardening write.
  pod.expect('schedulerName', 'default-scheduler');
  pod.expect('setHostnameAsFQDN', false);
  for (const key of ['hostPID', 'hostIPC', 'shareProcessNamespace']) pod.expect(key, false);
  pod.flag('automountServiceAccountToken');
  const lists = { containers: pod.each('containers'), initContainers: pod.each('initContainers') };
  const all = [...lists.initContainers, ...lists.containers];
  const { declarations, writablePaths, mounts } = volumesOf(pod, all, owner.name);
  const containerCodes = (containers: readonly Reading[]) =>
    containers.map((container): Props => {
      const own = containerProps(container);
      container.close();
      return { ...own, volumeMounts: mounts.get(container.path) };
    });
  const props = {
    serviceAccount: named === undefined ? undefined : reference('ServiceAccount', named),
    restartPolicy: restartPolicy(pod, owner.restartPolicy),
    dockerRegistryAuth: pod.attempt('imagePullSecrets', pullSecret),
    hostNetwork: pod.flag('hostNetwork') === true ? true : undefined,
    dns: pod.attempt('dnsPolicy', dnsPolicy),
    securityContext: podSecurity(pod),
    terminationGracePeriod: gracePeriod(pod),
    initContainers: lists.initContainers.length > 0 ? containerCodes(lists.initContainers) : undefined,
    containers: containerCodes(lists.containers),
    writablePaths,
  };
  pod.close();
  return {
    props,
    declarations,
    pod: {
      account: named ?? owner.name,
      ownsAccount: named === undefined,
      token: owner.needsToken,
      labels: owner.labels,
      ports: props.containers.flatMap((container) => portsKnown(container)),
      hostNetwork: props.hostNetwork === true,
    },
  };
}

/** A port whose protocol is not said is one of TCP. */
function portsKnown({ ports }: Props): string[] {
  const protocols: Readonly<Record<string, string>> = { 'Protocol.UDP': 'UDP', 'Protocol.SCTP': 'SCTP' };
  return ((ports ?? []) as readonly { number: number; protocol?: { text: string } }[]).map(
    ({ number, protocol }) => `${number}/${protocols[protocol?.text ?? ''] ?? 'TCP'}`,
  );
}

function accountOf(pod: Reading): string | undefined {
  const account = pod.text('serviceAccountName') ?? pod.text('serviceAccount');
  pod.expect('serviceAccount', account);
  // The rights of the default account are for nobody and everybody; which ones a pod needs only its people know.
  if (account === 'default') throw new Unsaid(`${pod.path}.serviceAccountName`);
  return account === '' ? undefined : account;
}

function restartPolicy(pod: Reading, standard: PodOwner['restartPolicy']): Code | undefined {
  const policy = pod.text('restartPolicy') ?? 'Always';
  if (policy === standard) return undefined;
  if (policy !== 'OnFailure' && policy !== 'Never') throw new Unsaid(`${pod.path}.restartPolicy`);
  return verbatim(`RestartPolicy.${policy === 'Never' ? 'NEVER' : 'ON_FAILURE'}`);
}

/** cdk8s-plus takes one. */
function pullSecret(pod: Reading): Code | undefined {
  const secrets = pod.each('imagePullSecrets');
  const [secret] = secrets;
  if (!secret) return undefined;
  const name = secret.text('name');
  secret.close();
  if (name === undefined || secrets.length > 1) throw new Unsaid(`${pod.path}.imagePullSecrets`);
  return reference('Secret', name);
}

const DNS_POLICIES = {
  ClusterFirst: undefined,
  ClusterFirstWithHostNet: 'DnsPolicy.CLUSTER_FIRST_WITH_HOST_NET',
  Default: 'DnsPolicy.DEFAULT',
};

function dnsPolicy(pod: Reading): Code | undefined {
  const policy = choice(pod, 'dnsPolicy', DNS_POLICIES);
  return policy === undefined ? undefined : { policy };
}

function gracePeriod(pod: Reading): Code | undefined {
  const period = pod.number('terminationGracePeriodSeconds');
  return period === undefined || period === 30 ? undefined : seconds(period);
}

const GROUP_CHANGES = { OnRootMismatch: 'FsGroupChangePolicy.ON_ROOT_MISMATCH', Always: undefined };

function podSecurity(pod: Reading): Code | undefined {
  const reading = pod.within('securityContext');
  if (!reading) return undefined;
  // Every container would be told otherwise by cdk8s-plus.
  if (reading.flag('runAsNonRoot') === false) throw new Unsaid(`${reading.path}.runAsNonRoot`);
  const code = {
    user: reading.number('runAsUser'),
    group: reading.number('runAsGroup'),
    fsGroup: reading.number('fsGroup'),
    fsGroupChangePolicy: reading.attempt('fsGroupChangePolicy', (strict) =>
      choice(strict, 'fsGroupChangePolicy', GROUP_CHANGES),
    ),
  };
  reading.close();
  return Object.values(code).some((value) => value !== undefined) ? code : undefined;
}

/** The call that mounts a token where clients look for one. */
export function tokenCalls({ token }: MadePod): MethodCall[] {
  return token ? [['useApiToken']] : [];
}
