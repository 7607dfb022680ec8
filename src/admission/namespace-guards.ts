import {
  COST_CENTER_LABEL,
  NODE_POOL_LABEL,
  OWNER_LABEL,
  PARENT_LABEL,
  POD_SECURITY_LABEL,
  SELF_SERVICE_LABEL,
  TENANT_LABEL,
  TRUST_LABEL,
} from '../manifest/kinds';
import { NAMESPACES_OF_TENANT } from '../tenancy/self-service';
import type { GuardGroup } from './guards';
import { quoted } from './who';

/** Label that the API server itself puts on every namespace. */
export const NAME_LABEL = 'kubernetes.io/metadata.name';

const DELETES = "request.operation == 'DELETE'";

/** What a rule about `one` says of a label of it. */
function hasLabel(key: string, condition: string): string {
  return `one.metadata.labels[?'${key}'].orValue('')${condition}`;
}

const IS_SELF_MADE = hasLabel(SELF_SERVICE_LABEL, " == 'true'");

/** Labels of ours that say whose a namespace is, and decide nothing in it. */
const TELLING_LABELS: readonly string[] = [
  TENANT_LABEL,
  SELF_SERVICE_LABEL,
  TRUST_LABEL,
  PARENT_LABEL,
  OWNER_LABEL,
  COST_CENTER_LABEL,
  NODE_POOL_LABEL,
];

/** What Capsule, kubectl and tools that deploy write to know an object again, by the beginning of the key. */
const MARKS: readonly string[] = [
  'capsule.clastix.io/',
  'projectcapsule.dev/',
  'kubectl.kubernetes.io/',
  'app.kubernetes.io/',
  'argocd.argoproj.io/',
  'kustomize.toolkit.fluxcd.io/',
  'helm.toolkit.fluxcd.io/',
  'meta.helm.sh/',
];

const IS_MARK = `[${quoted(MARKS)}].exists(mark, key.startsWith(mark))`;

const TENANT_OF_ONE = `one.metadata.labels['${TENANT_LABEL}']`;

/** Whoever asks makes it, or deletes it, as an owner of the tenant. */
const IS_BY_OWNER =
  `authorizer.group('${NAMESPACES_OF_TENANT.group}').resource('${NAMESPACES_OF_TENANT.resource}')` +
  `.subresource('${NAMESPACES_OF_TENANT.subresource}').name(${TENANT_OF_ONE})` +
  '.check(request.operation.lowerAscii()).allowed()';

/** Levels of Pod Security have only been loosened since 1.30, so any version from there on will do. */
const IS_STRICT = [
  hasLabel(POD_SECURITY_LABEL, " == 'restricted'"),
  hasLabel(`${POD_SECURITY_LABEL}-version`, ".matches('^(latest|v1[.][3-9][0-9])$')"),
  `one.metadata.labels.all(key, !key.startsWith('cdk8s-bulwark/') || key in [${quoted(TELLING_LABELS)}])`,
  `one.metadata.?annotations.orValue({}).all(key, ${IS_MARK})`,
].join(' && ');

/** Capsule sees to all of it. That it did, the guard rails see for themselves. */
const IS_AS_OTHERS =
  `(one.metadata.name.startsWith(${TENANT_OF_ONE} + '-') && ${IS_BY_OWNER} && ` +
  `(${DELETES} || (${IS_STRICT})))`;

/** What of the annotations of a namespace decides on its pods. */
const DECIDES = "key.startsWith('cdk8s-bulwark/') || key.startsWith('scheduler.alpha.kubernetes.io/')";

/** People of a tenant may change the namespaces that they made, and nobody here knows what other programs go by. */
const DECIDES_SELF_MADE = `([object, oldObject].exists(one, one.?metadata.?labels[?'${SELF_SERVICE_LABEL}'].orValue('') == 'true') && !${IS_MARK})`;

/** Policies and webhooks of others go by labels that nobody here knows. */
function hasKnownLabels(keys: readonly string[]): string {
  const named = [...TELLING_LABELS, NAME_LABEL, ...keys];
  return (
    `one.metadata.labels.all(key, key in [${quoted(named)}] || key.startsWith('pod-security.kubernetes.io/') || ` +
    `${IS_MARK} || (key == 'name' && one.metadata.labels[key] == one.metadata.name))`
  );
}

/** Whose namespaces are, and what their labels and annotations say. */
export const NAMESPACE_GUARDS: GuardGroup = {
  name: 'namespaces',
  scope: 'cluster',
  resources: [
    {
      apiGroups: [''],
      apiVersions: ['v1'],
      operations: ['CREATE', 'UPDATE', 'DELETE'],
      resources: ['namespaces', 'namespaces/status', 'namespaces/finalize'],
    },
  ],
  guards: [
    {
      id: 'tenant-namespace-by-platform',
      title: 'Namespaces of tenants are made and deleted by the platform alone',
      why: 'Policies of others trust the label that names a tenant, and with a namespace goes everything that holds its tenant.',
      field: `metadata.labels['${TENANT_LABEL}']`,
      fix: 'Ask the platform for the namespace, or to delete it.',
      rule: ({ target: { capsule } }) => madeNamespaces(capsule ? IS_SELF_MADE : undefined),
    },
    {
      id: 'self-made-namespace',
      title: 'A namespace that a tenant makes is its own and as strict as its others',
      why: 'Whoever chose the name, the labels or the tenant of a namespace would choose what holds in it, and whose it is.',
      field: 'metadata',
      fix: 'Begin its name with that of the tenant and a hyphen, leave its labels to Capsule, and be one of the owners that the tenant names.',
      rule: ({ target: { capsule } }) => (capsule ? madeNamespaces(IS_AS_OTHERS) : undefined),
    },
    {
      id: 'self-made-namespace-labels',
      title: 'A namespace that a tenant makes has no labels but those of its others',
      why: 'Policies, meshes and webhooks of the whole cluster go by labels of namespaces, and pass over some for a label.',
      field: 'metadata.labels',
      fix: 'Remove the label, or ask the platform to give it to all namespaces of the tenant.',
      rule: ({ target: { capsule }, selfMadeLabels }) =>
        capsule && selfMadeLabels
          ? madeNamespaces(`(${DELETES} || ${hasKnownLabels(selfMadeLabels)})`)
          : undefined,
    },
    {
      id: 'namespace-labels-frozen',
      title: 'Labels of a tenant’s namespace are changed by the platform alone',
      why: 'A namespace’s labels decide which Pod Security and which guard rails hold in it, and which NetworkPolicies of others let it in.',
      field: 'metadata.labels',
      fix: 'Ask the platform for the change.',
      rule: ofTenantNamespace(sameEntries('labels', 'true')),
    },
    {
      id: 'namespace-annotations-frozen',
      title: 'Annotations that decide on a tenant’s pods are changed by the platform alone',
      why: 'Annotations of a namespace choose the nodes of its pods and what taints they tolerate (PodNodeSelector, PodTolerationRestriction).',
      field: 'metadata.annotations',
      fix: 'Ask the platform for the change.',
      rule: ({ target: { capsule } }) =>
        ofTenantNamespace(
          sameEntries('annotations', capsule ? `${DECIDES} || ${DECIDES_SELF_MADE}` : DECIDES),
        ),
    },
  ],
};

/** That no namespace of a tenant, `one`, is made or deleted but such as meets the rule. */
function madeNamespaces(rule?: string): string {
  const isNone = `one == null || !one.?metadata.?labels[?'${TENANT_LABEL}'].hasValue()`;
  const isMet = rule === undefined ? isNone : `${isNone} || ${rule}`;
  return `request.operation == 'UPDATE' || [object, oldObject].all(one, ${isMet})`;
}

/** A rule about changes of a namespace that is a tenant's, before or after. */
function ofTenantNamespace(rule: string): string {
  const isTenants = `[object, oldObject].exists(one, one.?metadata.?labels[?'${TENANT_LABEL}'].hasValue())`;
  return `request.operation != 'UPDATE' || !${isTenants} || (${rule})`;
}

/** Whether the entries of a map in metadata that meet a condition are the same before and after. */
function sameEntries(map: 'labels' | 'annotations', condition: string): string {
  const of = (one: string) => `${one}.metadata.?${map}.orValue({})`;
  const within = (a: string, b: string) =>
    `${of(a)}.all(key, !(${condition}) || (key in ${of(b)} && ${of(b)}[key] == ${of(a)}[key]))`;
  return `${within('object', 'oldObject')} && ${within('oldObject', 'object')}`;
}
