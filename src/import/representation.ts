import { isObject, type Manifest } from '../manifest/manifest';
import { podTemplateOf } from '../manifest/pod';
import type { Props, Uses } from './container';
import { readingOf, Unsaid } from './reading';
import { verbatim, type Code } from './source-text';
import { isConvertible, metadataProps, workloadProps, type WorkloadProps } from './workload';

/** How an object is written in TypeScript. */
export type Representation =
  | { readonly as: 'workload'; readonly workload: WorkloadProps }
  | { readonly as: 'account'; readonly props: Props }
  | { readonly as: 'default-deny' }
  /** As it is, and why no construct says it. */
  | { readonly as: 'plain'; readonly because: string };

/** What {@link represent} has to know of the other objects of the namespace. */
export interface Neighbours {
  /** Names of the ServiceAccounts that are imported. */
  readonly accounts: ReadonlySet<string>;
  /** Names of the workloads that became constructs. */
  readonly workloads: Set<string>;
}

/** Chooses a construct that says exactly what an object says, and else keeps it as it is. */
export function represent(manifest: Manifest, uses: Uses, neighbours: Neighbours): Representation {
  try {
    if (isConvertible(manifest)) return workload(manifest, uses, neighbours);
    if (manifest.kind === 'ServiceAccount') return { as: 'account', props: accountProps(manifest) };
  } catch (error) {
    if (!(error instanceof Unsaid)) throw error;
    return { as: 'plain', because: `no property of a construct says ${error.field}` };
  }
  if (isDefaultDeny(manifest)) return { as: 'default-deny' };
  return { as: 'plain', because: REASONS[manifest.kind] ?? otherReason(manifest) };
}

const NO_USES: Uses = { plus: () => undefined, cdk8s: () => undefined, reference: () => verbatim('') };

function workload(manifest: Manifest, uses: Uses, { accounts, workloads }: Neighbours): Representation {
  const name = String(manifest.metadata?.name);
  // What an attempt that fails would use must not be imported.
  const { account } = workloadProps(manifest, NO_USES);
  if (workloads.has(name)) return { as: 'plain', because: 'another workload of the namespace has its name' };
  if (account === undefined && accounts.has(name)) {
    return { as: 'plain', because: 'there is a ServiceAccount of its name, which it does not use' };
  }
  workloads.add(name);
  return { as: 'workload', workload: workloadProps(manifest, uses) };
}

const REASONS: Readonly<Record<string, string>> = {
  Namespace: 'a Tenant would close the network, and so change who reaches whom',
  NetworkPolicy:
    'it opens exactly what it says; allowFrom and allowTo would close and open the other side too',
  StatefulSet: 'its volumes and its Service are its own, and cannot be changed in place',
  Role: 'its rights are kept to the letter; LockedRole names them one by one',
  ClusterRole: 'its rights are kept to the letter; LockedClusterRole names them one by one',
  RoleBinding: 'its subjects are kept to the letter; LockedRole.bind makes the same',
  ClusterRoleBinding: 'its subjects are kept to the letter; LockedClusterRole.bind makes the same',
  SealedSecret: 'it is ciphertext already; the construct SealedSecret reads it from a file',
  Pod: 'nothing restarts it; a HardenedDeployment would',
};

function otherReason(manifest: Manifest): string {
  return podTemplateOf(manifest) ? 'its pods are hardened as it is' : 'there is nothing in it to harden';
}

/** @throws Unsaid for a field that LockedServiceAccount cannot say, or does not want to. */
function accountProps(manifest: Manifest): Props {
  const reading = readingOf(manifest);
  reading.expect('apiVersion', 'v1');
  reading.expect('kind', 'ServiceAccount');
  reading.expect('automountServiceAccountToken', false);
  const metadata = metadataProps(reading.within('metadata')!);
  const secrets = reading.each('imagePullSecrets').map((secret): Code => {
    const name = secret.text('name');
    secret.close();
    return name ?? verbatim('undefined');
  });
  reading.close();
  return { metadata, imagePullSecrets: secrets.length > 0 ? secrets : undefined };
}

/** As DefaultDeny without names makes it, to the letter. */
function isDefaultDeny({ apiVersion, kind, metadata, ...rest }: Manifest): boolean {
  if (apiVersion !== 'networking.k8s.io/v1' || kind !== 'NetworkPolicy') return false;
  const { name, namespace, ...others } = metadata ?? {};
  const { spec } = rest;
  return (
    name === 'default-deny' &&
    namespace !== undefined &&
    Object.keys(others).length === 0 &&
    isObject(spec) &&
    JSON.stringify(spec.podSelector) === '{}' &&
    JSON.stringify(spec.policyTypes) === '["Ingress","Egress"]' &&
    Object.keys(spec).length === 2
  );
}
