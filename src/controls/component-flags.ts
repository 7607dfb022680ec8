import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { podTemplateOf } from '../manifest/pod';

/** A program of the control plane. */
export type Component = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'etcd';

/** The flags of a component, where a manifest sets them. */
export interface ComponentFlags {
  /** By name, without the hyphens; the last value where a flag is there twice. */
  readonly flags: ReadonlyMap<string, string>;
  /** Path of the field that holds them. */
  readonly field: string;
  /** Whether kubeadm adds flags of its own: certificates, above all. */
  readonly byKubeadm: boolean;
}

/** Where kubeadm's ClusterConfiguration has the arguments of a component. */
const KUBEADM_FIELDS: Readonly<Record<Component, readonly string[]>> = {
  'kube-apiserver': ['apiServer', 'extraArgs'],
  'kube-controller-manager': ['controllerManager', 'extraArgs'],
  'kube-scheduler': ['scheduler', 'extraArgs'],
  etcd: ['etcd', 'local', 'extraArgs'],
};

/** The flags of a component as kubeadm's configuration or a static pod sets them; undefined where a manifest does neither. */
export function componentFlags(manifest: Manifest, component: Component): ComponentFlags | undefined {
  if (manifest.apiVersion.startsWith('kubeadm.k8s.io/')) return fromKubeadm(manifest, component);
  return manifest.kind === 'Pod' && manifest.apiVersion === 'v1' ? fromPod(manifest, component) : undefined;
}

function fromKubeadm(manifest: Manifest, component: Component): ComponentFlags | undefined {
  const { etcd } = manifest as { etcd?: unknown };
  if (manifest.kind !== 'ClusterConfiguration' || (component === 'etcd' && isExternal(etcd)))
    return undefined;
  const path = KUBEADM_FIELDS[component];
  let at: unknown = manifest;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  return { flags: new Map(entriesOf(at)), field: path.join('.'), byKubeadm: true };
}

function isExternal(etcd: unknown): boolean {
  return isObject(etcd) && etcd.external !== undefined;
}

/** v1beta4 lists arguments, v1beta3 maps them. */
function entriesOf(args: unknown): [string, string][] {
  if (Array.isArray(args)) {
    return args.filter(isObject).map(({ name, value }) => [String(name), String(value)]);
  }
  return Object.entries(isObject(args) ? args : {}).map(([name, value]) => [name, String(value)]);
}

function fromPod(manifest: Manifest, component: Component): ComponentFlags | undefined {
  const containers = podTemplateOf(manifest)?.spec.containers;
  if (!Array.isArray(containers)) return undefined;
  for (const [at, container] of containers.entries()) {
    const words = isObject(container) ? wordsOf(container) : [];
    if (words[0]?.split('/').at(-1) !== component) continue;
    return { flags: parse(words.slice(1)), field: `spec.containers[${at}].command`, byKubeadm: false };
  }
  return undefined;
}

function wordsOf({ command, args }: JsonObject): string[] {
  return [command, args].flatMap((list) => (Array.isArray(list) ? list.map(String) : []));
}

function parse(words: readonly string[]): Map<string, string> {
  return new Map(
    words.map((word) => {
      const [, name = word, value = 'true'] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
      return [name, value];
    }),
  );
}
