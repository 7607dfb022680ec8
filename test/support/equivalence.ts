import { WAIVER_ANNOTATION } from '../../src/controls/waiver';
import { compareObjects } from '../../src/drift/compare';
import { fileGroup } from '../../src/hardening/file-group';
import { apiToken } from '../../src/hardening/api-token';
import { hardenManifest, type PodAddition } from '../../src/hardening/harden';
import { cleaned } from '../../src/import/cleaned';
import { resolveResource, resourceName } from '../../src/manifest/api-resources';
import { describeObject, identityOf, isObject, type Manifest } from '../../src/manifest/manifest';
import { containersOf, podTemplateOf, type Container, type PodSpec } from '../../src/manifest/pod';
import { rbacOf } from '../../src/rbac/rbac';
import { describeSubject } from '../../src/rbac/subject';
import type { ClusterTarget } from '../../src/target/target';

/** What an import says that it did to an object. */
export interface ImportedObject {
  readonly object: string;
  readonly became: string;
  readonly excused: readonly string[];
}

/**
 * Each place at which what was synthesized is not what was imported and then hardened by the kernel, once an API server has
 * completed both. Rights are compared by {@link rightsOf}, Secrets are not compared.
 */
export function differences(
  imported: readonly Manifest[],
  synthesized: readonly Manifest[],
  { outcomes, target }: { outcomes: readonly ImportedObject[]; target: ClusterTarget },
): string[] {
  const made = new Map(synthesized.map((manifest) => [identityOf(manifest), manifest]));
  const byObject = new Map(outcomes.map((outcome) => [outcome.object, outcome]));
  const bound = boundAccounts(imported);
  return imported.flatMap((manifest) => {
    if (manifest.kind === 'Secret') return [];
    const { became, excused } = byObject.get(describeObject(manifest))!;
    const is = made.get(identityOf(manifest));
    if (!is) return [`${describeObject(manifest)} is not there`];
    if (/^(Cluster)?Role(Binding)?$/.test(manifest.kind)) return [];
    const was = hardenManifest(written(manifest, became, bound), {
      target,
      waived: new Set(excused),
      additions: tokenOf(manifest, became, bound),
    }).manifest;
    const [one, other] = [meant(was, imported), meant(is, imported)];
    // What an API server would have set in the one is set in the other.
    const back = new Set(compareObjects(other, one).map(({ path }) => path.join('.')));
    return compareObjects(one, other)
      .filter(({ path }) => back.has(path.join('.')))
      .map(
        ({ path, kind, declared, live }) =>
          `${describeObject(manifest)} ${kind} ${path.join('.')}: ${JSON.stringify(declared)} -> ${JSON.stringify(live)}`,
      );
  });
}

/** What somebody may do, as lines: each verb of each resource that the API server knows, and who has it how. */
export function rightsOf(manifests: readonly Manifest[]): string[] {
  const rbac = rbacOf(manifests, { defaults: false });
  return rbac.subjects
    .flatMap((subject) =>
      rbac.permissionsOf(subject).flatMap(({ rule, namespace = '*', binding, role }) => {
        const whence = `${describeSubject(subject)} by ${binding.kind} ${binding.metadata?.name} of ${role.kind} ${role.metadata?.name} in ${namespace}`;
        return rightsIn(rule as unknown as Record<string, readonly string[]>).map(
          (right) => `${whence}: ${right}`,
        );
      }),
    )
    .sort()
    .filter((line, index, lines) => line !== lines[index - 1]);
}

/** The rights of roles that nobody has, too. */
export function rulesOf(manifests: readonly Manifest[]): string[] {
  return manifests
    .filter(({ kind }) => /^(Cluster)?Role$/.test(kind))
    .flatMap((role) => {
      const rules = (role.rules ?? []) as readonly Record<string, readonly string[]>[];
      return [...new Set(rules.flatMap(rightsIn))].map((right) => `${describeObject(role)}: ${right}`);
    })
    .sort();
}

function rightsIn({
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
  verbs = [],
}: Record<string, readonly string[]>): string[] {
  const objects = resourceNames.length > 0 ? resourceNames : ['every object'];
  const known = apiGroups.flatMap((group) =>
    resources
      // What the API server does not have in a group, nobody can ask for.
      .filter((resource) => `${group}${resource}`.includes('*') || isServed(group, resource))
      .map((resource) => `${group}/${resource}`),
  );
  return verbs.flatMap((verb) => [
    ...known.flatMap((resource) => objects.map((object) => `${verb} ${resource} ${object}`)),
    ...nonResourceURLs.map((url) => `${verb} ${url}`),
  ]);
}

function isServed(group: string, resource: string): boolean {
  const name = resourceName(group, resource);
  return name !== undefined && resolveResource(name) !== undefined;
}

function boundAccounts(manifests: readonly Manifest[]): ReadonlySet<string> {
  return new Set(
    manifests
      .filter(({ kind }) => /^(Cluster)?RoleBinding$/.test(kind))
      .flatMap(({ subjects }) => (subjects ?? []) as readonly Record<string, string>[])
      .map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`),
  );
}

/** The object as it was written: without what a server writes, and with the account that each workload gets. */
function written(manifest: Manifest, became: string, bound: ReadonlySet<string>): Manifest {
  const copy = structuredClone(cleaned(manifest));
  if (copy.kind === 'ServiceAccount') copy.automountServiceAccountToken = false;
  const pod = podTemplateOf(copy);
  if (!pod) return copy;
  const isHardened = became.startsWith('Hardened');
  const needsToken = hasToken(manifest, bound);
  if (isHardened) pod.spec.serviceAccountName ??= copy.metadata?.name;
  if (isHardened && needsToken) pod.spec.automountServiceAccountToken = false;
  if (!isHardened && needsToken) pod.spec.automountServiceAccountToken ??= true;
  return copy;
}

function hasToken(manifest: Manifest, bound: ReadonlySet<string>): boolean {
  const { automountServiceAccountToken, serviceAccountName } = podTemplateOf(manifest)!.spec;
  if (typeof automountServiceAccountToken === 'boolean') return automountServiceAccountToken;
  return bound.has(`ServiceAccount ${manifest.metadata?.namespace}/${String(serviceAccountName)}`);
}

/** A construct mounts a token of its own where the API server would have mounted one. */
function tokenOf(manifest: Manifest, became: string, bound: ReadonlySet<string>): PodAddition[] {
  if (!became.startsWith('Hardened') || !podTemplateOf(manifest) || !hasToken(manifest, bound)) return [];
  return [apiToken({}), fileGroup];
}

/** An object in other words that mean the same: ports by number, times in seconds, empty folders by where they are. */
function meant(manifest: Manifest, all: readonly Manifest[]): Manifest {
  const copy = structuredClone(manifest);
  // Waivers are told by the import itself.
  for (const key of Object.keys(copy.metadata?.annotations ?? {}))
    if (key.startsWith(WAIVER_ANNOTATION)) delete copy.metadata!.annotations![key];
  const pod = podTemplateOf(copy);
  if (pod) {
    for (const { container } of containersOf(pod.spec)) {
      numberPorts(container);
      completeContainer(container, pod.spec);
    }
    delete pod.metadata?.name;
    // Each container has it by now.
    delete pod.spec.securityContext?.runAsNonRoot;
    if (pod.spec.securityContext?.fsGroupChangePolicy === 'Always')
      delete pod.spec.securityContext.fsGroupChangePolicy;
    nameFolders(pod.spec);
  }
  const spec = (copy.spec ?? {}) as Record<string, any>;
  if (copy.kind === 'Service') {
    const selected = all.find((other) => selects(copy, other));
    for (const port of spec.ports ?? []) {
      port.targetPort = numberOf(port.targetPort ?? port.port, selected);
      port.protocol ??= 'TCP';
    }
  }
  if (copy.kind === 'ExternalSecret') completeExternalSecret(copy);
  if (copy.kind === 'NetworkPolicy') copy.spec = sorted(spec);
  if (copy.kind === 'ConfigMap' && copy.immutable === false) delete copy.immutable;
  return copy;
}

function selects({ spec, metadata }: Manifest, other: Manifest): boolean {
  const labels = podTemplateOf(other)?.metadata?.labels ?? {};
  const { selector = {} } = (spec ?? {}) as { selector?: Record<string, string> };
  return (
    metadata?.namespace === other.metadata?.namespace &&
    podTemplateOf(other) !== undefined &&
    Object.entries(selector).every(([key, value]) => labels[key] === value)
  );
}

function numberOf(port: unknown, workload: Manifest | undefined): unknown {
  const ports =
    (workload && podTemplateOf(workload)?.spec.containers?.flatMap((each) => each.ports ?? [])) ?? [];
  return ports.find(({ name }) => name === port)?.containerPort ?? port;
}

const PROBE_DEFAULTS = { periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };

function numberPorts(container: Container): void {
  for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[kind] as Record<string, any> | undefined;
    if (probe) container[kind] = { ...PROBE_DEFAULTS, ...probe };
    for (const action of [probe?.httpGet, probe?.tcpSocket]) {
      const named = container.ports?.find(({ name }) => name === action?.port);
      if (action && named) action.port = named.containerPort;
    }
  }
}

/** What is the same whether it is said or not. */
function completeContainer(container: Container, pod: PodSpec): void {
  for (const port of container.ports ?? []) port.protocol ??= 'TCP';
  const tag = /:([^:/]+)$/.exec(container.image ?? '')?.[1];
  container.imagePullPolicy ??= tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
  const security = (container.securityContext ??= {});
  security.privileged ??= false;
  for (const key of ['runAsNonRoot', 'seccompProfile', 'appArmorProfile'] as const) {
    const value = pod.securityContext?.[key];
    if (value !== undefined) security[key] ??= value as never;
  }
}

/** A volume is known by the names that its containers use, so an empty folder may have any. */
function nameFolders(spec: PodSpec): void {
  const folders = new Set(
    (spec.volumes ?? []).filter(({ emptyDir }) => isObject(emptyDir)).map(({ name }) => name),
  );
  const names = new Map<unknown, string>();
  for (const { container } of containersOf(spec)) {
    for (const mount of container.volumeMounts ?? []) {
      if (!folders.has(mount.name)) continue;
      const name = names.get(mount.name) ?? `${container.name}:${mount.mountPath}`;
      names.set(mount.name, name);
      mount.name = name;
    }
  }
  for (const volume of spec.volumes ?? []) volume.name = names.get(volume.name) ?? volume.name;
}

function completeExternalSecret({ metadata, spec }: Manifest): void {
  const { target, refreshInterval, ...rest } = spec as Record<string, any>;
  const inSeconds = [...String(refreshInterval ?? '1h').matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * ({ h: 3600, m: 60, s: 1 }[unit!] ?? 0),
    0,
  );
  Object.assign(spec as object, rest, {
    refreshInterval: inSeconds,
    target: { name: metadata?.name, creationPolicy: 'Owner', ...target },
  });
}

/** The lists of a policy mean the same in any order, and rules may be put together or taken apart. */
function sorted(spec: Record<string, any>): object {
  const portOf = ({ port = null, protocol = 'TCP', endPort = null }: Record<string, unknown>) => [
    port,
    protocol,
    endPort,
  ];
  const openings = (rules: readonly any[], key: 'from' | 'to') => {
    const lines = rules.flatMap((rule) =>
      (rule[key] ?? [null]).flatMap((peer: unknown) =>
        (rule.ports?.map(portOf) ?? [null]).map((port: unknown) => JSON.stringify([peer, port])),
      ),
    );
    return [...new Set<string>(lines)].sort();
  };
  return {
    ...spec,
    ...(spec.ingress && { ingress: openings(spec.ingress, 'from') }),
    ...(spec.egress && { egress: openings(spec.egress, 'to') }),
    ...(spec.policyTypes && { policyTypes: [...spec.policyTypes].sort() }),
  };
}
