import type { Manifest } from '../manifest/manifest';
import { containerProps, readSeccomp, type Props, type Uses } from './container';
import { Unsaid, readingOf, type Reading } from './reading';
import { verbatim, type Code } from './source-text';

/** A workload as properties of a hardened one. */
export interface WorkloadProps {
  readonly construct: 'HardenedDeployment' | 'HardenedDaemonSet';
  readonly props: Props;
  /** Name of the ServiceAccount that the manifest gives; undefined for one of its own. */
  readonly account: string | undefined;
}

const CONSTRUCTS: Readonly<Record<string, WorkloadProps['construct']>> = {
  'apps/v1 Deployment': 'HardenedDeployment',
  'apps/v1 DaemonSet': 'HardenedDaemonSet',
};

/** Whether there is a construct that may say what the object says. */
export function isConvertible({ apiVersion, kind }: Manifest): boolean {
  return `${apiVersion} ${kind}` in CONSTRUCTS;
}

/**
 * The properties of the hardened construct that say what a Deployment or a DaemonSet says.
 * @throws Unsaid for a field that they cannot say.
 */
export function workloadProps(manifest: Manifest, uses: Uses): WorkloadProps {
  const reading = readingOf(manifest);
  reading.expect('apiVersion', manifest.apiVersion);
  reading.expect('kind', manifest.kind);
  const metadata = metadataProps(reading.within('metadata')!);
  const spec = needed(reading, 'spec');
  const template = needed(spec, 'template');
  const podMetadata = podMetadataProps(template.within('metadata'));
  const pod = needed(template, 'spec');
  const construct = CONSTRUCTS[`${manifest.apiVersion} ${manifest.kind}`]!;
  const { account, ...podProps } = readPod(pod, uses);
  const selectorLabels = selectorOf(spec, metadata.name as string);
  const rollout = construct === 'HardenedDeployment' ? deploymentProps(spec, uses) : daemonSetProps(spec);
  [template, spec, reading].forEach((part) => part.close());
  return {
    construct,
    account,
    props: { metadata, selectorLabels, podMetadata, ...rollout, ...podProps },
  };
}

function needed(reading: Reading, key: string): Reading {
  const within = reading.within(key);
  if (within) return within;
  throw new Unsaid(reading.path === '' ? key : `${reading.path}.${key}`);
}

/** The name and what somebody added; the namespace is that of the chart. */
export function metadataProps(metadata: Reading): Props {
  const props = {
    name: metadata.text('name'),
    labels: someOf(metadata.texts('labels')),
    annotations: someOf(metadata.texts('annotations')),
  };
  metadata.text('namespace');
  metadata.close();
  return props;
}

function podMetadataProps(metadata: Reading | undefined): Code | undefined {
  const labels = someOf(metadata?.texts('labels'));
  const annotations = someOf(metadata?.texts('annotations'));
  metadata?.close();
  return labels || annotations ? { labels, annotations } : undefined;
}

function someOf(texts: Readonly<Record<string, string>> | undefined) {
  return texts && Object.keys(texts).length > 0 ? texts : undefined;
}

/** A selector cannot be changed, so it is said wherever it is not the one that the construct takes by itself. */
function selectorOf(spec: Reading, name: string): Code | undefined {
  const selector = needed(spec, 'selector');
  const labels = selector.texts('matchLabels');
  selector.close();
  if (!labels || Object.keys(labels).length === 0) throw new Unsaid('spec.selector.matchLabels');
  const own = { 'app.kubernetes.io/name': name };
  return JSON.stringify(labels) === JSON.stringify(own) ? undefined : labels;
}

function deploymentProps(spec: Reading, uses: Uses): Props {
  const seconds = (key: string) => {
    const value = spec.number(key);
    if (value === undefined) return undefined;
    uses.cdk8s('Duration');
    return verbatim(`Duration.seconds(${value})`);
  };
  const strategy = spec.within('strategy');
  const type = strategy?.text('type') ?? 'RollingUpdate';
  readRollingUpdate(strategy?.within('rollingUpdate'));
  strategy?.close();
  if (type === 'Recreate') uses.plus('DeploymentStrategy');
  spec.expect('revisionHistoryLimit', 10);
  return {
    replicas: spec.number('replicas'),
    strategy: type === 'Recreate' ? verbatim('DeploymentStrategy.recreate()') : undefined,
    minReady: seconds('minReadySeconds'),
    progressDeadline: seconds('progressDeadlineSeconds'),
  };
}

function daemonSetProps(spec: Reading): Props {
  const strategy = spec.within('updateStrategy');
  strategy?.expect('type', 'RollingUpdate');
  const rolling = strategy?.within('rollingUpdate');
  rolling?.expect('maxSurge', 0);
  rolling?.expect('maxUnavailable', 1);
  rolling?.close();
  strategy?.close();
  spec.expect('revisionHistoryLimit', 10);
  return { minReadySeconds: spec.number('minReadySeconds') };
}

/** As the API server sets it where nothing is said. */
function readRollingUpdate(rolling: Reading | undefined): void {
  rolling?.expect('maxSurge', '25%');
  rolling?.expect('maxUnavailable', '25%');
  rolling?.close();
}

function readPod(pod: Reading, uses: Uses): Props & { readonly account: string | undefined } {
  const account = accountOf(pod);
  pod.expect('automountServiceAccountToken', false);
  pod.expect('restartPolicy', 'Always');
  pod.expect('dnsPolicy', 'ClusterFirst');
  pod.expect('schedulerName', 'default-scheduler');
  pod.expect('enableServiceLinks', false);
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace']) pod.expect(key, false);
  const securityContext = podSecurity(pod.within('securityContext'));
  const terminationGracePeriod = gracePeriod(pod, uses);
  const writable = emptyDirs(pod);
  const containers = pod.each('containers').map((container) => containerProps(container, uses, writable));
  // Each container would get a folder of its own, and these may be there to be shared.
  if (writable.size > 0 && containers.length > 1) throw new Unsaid(`${pod.path}.volumes`);
  const paths = [...writable.values()].filter((path) => path !== '');
  pod.close();
  return {
    account,
    securityContext,
    terminationGracePeriod,
    containers,
    writablePaths: paths.length > 0 ? paths : undefined,
  };
}

function accountOf(pod: Reading): string | undefined {
  const account = pod.text('serviceAccountName') ?? pod.text('serviceAccount');
  pod.expect('serviceAccount', account);
  // The rights of the default account are for nobody and everybody; which ones a pod needs only its people know.
  if (account === 'default') throw new Unsaid(`${pod.path}.serviceAccountName`);
  return account;
}

function gracePeriod(pod: Reading, uses: Uses): Code | undefined {
  const seconds = pod.number('terminationGracePeriodSeconds');
  if (seconds === undefined || seconds === 30) return undefined;
  uses.cdk8s('Duration');
  return verbatim(`Duration.seconds(${seconds})`);
}

function podSecurity(reading: Reading | undefined): Code | undefined {
  if (!reading) return undefined;
  reading.expect('runAsNonRoot', true);
  readSeccomp(reading.within('seccompProfile'));
  const ids = {
    user: reading.number('runAsUser'),
    group: reading.number('runAsGroup'),
    fsGroup: reading.number('fsGroup'),
  };
  reading.close();
  return Object.values(ids).some((id) => id !== undefined) ? ids : undefined;
}

/** Names of the volumes that are empty folders, with the place for where they are mounted. */
function emptyDirs(pod: Reading): Map<string, string> {
  return new Map(
    pod.each('volumes').map((volume): [string, string] => {
      const name = volume.text('name') ?? '';
      const empty = volume.within('emptyDir');
      if (!empty) throw new Unsaid(volume.path);
      empty.close();
      volume.close();
      return [name, ''];
    }),
  );
}
