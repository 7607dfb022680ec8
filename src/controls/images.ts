import type { PodControl, Repair } from './control';

/** An unset policy is IfNotPresent, unless the tag may move. */
const pullAlways: Repair = (_pod, container) => {
  container.imagePullPolicy ??= 'Always';
};

/** What runs: which code, from where, and that it is still the code that was tested. */
export const IMAGE_CONTROLS: readonly PodControl[] = [
  {
    id: 'image-fixed-tag',
    title: 'Every image names a version',
    why: 'A tag that moves, such as latest, runs other code tomorrow than was tested today, whoever pushed it.',
    severity: 'medium',
    references: [
      { standard: 'NSA/CISA 1.2', id: 'Building secure container images' },
      { standard: 'Kubernetes', id: 'Container Images' },
    ],
    aliases: {
      kubescape: ['C-0075'],
      trivy: ['KSV-0013'],
      checkov: ['CKV_K8S_14'],
      'kube-linter': ['latest-tag'],
      polaris: ['tagNotSpecified'],
      'kube-score': ['container-image-tag'],
      kyverno: ['disallow-latest-tag'],
    },
    scope: 'container',
    // Without an image there is no tag to judge: the API server refuses the container.
    rule: `${image()} == '' || ${hasDigest()} || !${movesByTag()}`,
    field: 'image',
    fix: 'Name a version, such as :1.4.2, or better a digest, @sha256:....',
    broken: { image: 'registry.example/api:latest' },
  },
  {
    id: 'image-digest',
    title: 'Every image is pinned by its digest',
    why: 'Whoever may push to a registry moves any tag; a digest names the very bytes that were tested.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'Application Security Checklist' }],
    aliases: {
      kubescape: ['C-0306'],
      checkov: ['CKV_K8S_43'],
      kyverno: ['require-image-checksum'],
    },
    scope: 'container',
    rule: hasDigest(),
    field: 'image',
    fix: 'Add the digest that crane digest IMAGE prints: image:1.4.2@sha256:....',
    broken: { image: 'registry.example/api:1.4.2' },
  },
  {
    id: 'allowed-registries',
    title: 'Images come from registries that the cluster trusts',
    why: 'Anybody may publish an image with a familiar name; only what the owner of the cluster builds or mirrors is looked at.',
    severity: 'medium',
    references: [
      { standard: 'CIS 1.11', id: '5.5.1' },
      { standard: 'NSA/CISA 1.2', id: 'Building secure container images' },
    ],
    aliases: {
      kubescape: ['C-0001', 'C-0078'],
      trivy: ['KSV-0125'],
      kyverno: ['restrict-image-registries'],
    },
    scope: 'container',
    parameter: 'registries',
    // A prefix that ends in no slash would allow registry.io.evil for registry.io.
    rule: `[${fullName()}].all(image, params.?registries.orValue([]).exists(prefix, prefix.endsWith('/') && image.startsWith(prefix)))`,
    field: 'image',
    fix: 'Use a copy of the image in one of the registries of parameters.registries.',
    broken: { image: 'registry.invalid/api:1.4.2' },
  },
  {
    id: 'no-deprecated-registry',
    title: 'No image comes from k8s.gcr.io',
    why: 'k8s.gcr.io is frozen since April 2023: its images get no more security fixes, and it may go away.',
    severity: 'medium',
    references: [{ standard: 'Kubernetes', id: 'k8s.gcr.io Redirect to registry.k8s.io' }],
    aliases: { kubescape: ['C-0253'], kyverno: ['restrict-deprecated-registry'] },
    scope: 'container',
    rule: `!${image()}.startsWith('k8s.gcr.io/')`,
    field: 'image',
    fix: 'Write registry.k8s.io in its place, and a version that is still maintained.',
    broken: { image: 'k8s.gcr.io/pause:3.6' },
  },
  {
    id: 'image-pull-always',
    title: 'An image is pulled anew, or pinned by its digest',
    why: 'From the node’s store a pod gets a private image without the right to pull it, and a bad one that another pod left under the tag.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'AlwaysPullImages' }],
    aliases: {
      kubescape: ['C-0075'],
      checkov: ['CKV_K8S_15'],
      polaris: ['pullPolicyNotAlways'],
      'kube-score': ['container-image-pull-policy'],
      kyverno: ['imagepullpolicy-always'],
    },
    scope: 'container',
    rule: `${hasDigest()} || container.?imagePullPolicy.orValue(${movesByTag()} ? 'Always' : 'IfNotPresent') == 'Always'`,
    field: 'imagePullPolicy',
    fix: "Set it to 'Always', or pin the image by its digest.",
    repair: pullAlways,
    broken: { image: 'registry.example/api:1.4.2', imagePullPolicy: 'IfNotPresent' },
  },
  {
    id: 'no-tiller',
    title: 'Tiller is not deployed',
    why: 'Tiller, the server of Helm 2, does with its own rights whatever anybody asks who reaches its port; Helm 3 has none.',
    severity: 'critical',
    references: [{ standard: 'OWASP K8s 2025', id: 'K07' }],
    aliases: {
      trivy: ['KSV-0102'],
      checkov: ['CKV_K8S_34', 'CKV_K8S_44', 'CKV_K8S_45'],
      kyverno: ['disallow-helm-tiller'],
    },
    scope: 'container',
    rule: `!${image()}.matches('(^|/)tiller([:@]|$)')`,
    field: 'image',
    fix: 'Remove it, and use Helm 3 or newer.',
    broken: { image: 'registry.example/kubernetes-helm/tiller:v2.17.0' },
  },
  {
    id: 'no-kubernetes-dashboard',
    title: 'The Kubernetes dashboard is not deployed',
    why: 'The dashboard is a web page with rights in the cluster; left open, or with a wide ServiceAccount, it was the way into known victims.',
    severity: 'medium',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K06' },
      { standard: 'Microsoft threat matrix', id: 'MS-TA9005' },
    ],
    aliases: { kubescape: ['C-0014'], checkov: ['CKV_K8S_33'] },
    scope: 'container',
    rule: `!${image()}.matches('(^|/)(kubernetes-dashboard(-[a-z0-9]+)*|kubernetesui/dashboard(-[a-z]+)*)([:@]|$)')`,
    field: 'image',
    fix: 'Remove it, and use a client on the desk of whoever looks, with that person’s own rights.',
    broken: { image: 'docker.io/kubernetesui/dashboard:v2.7.0' },
  },
];

function image(): string {
  return "container.?image.orValue('')";
}

/** The digests that runtimes know. */
function hasDigest(): string {
  return `${image()}.matches('@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$')`;
}

/** Whether the last part of the name has no tag, or the one that means the newest. A colon before a slash is a port. */
function movesByTag(): string {
  return `${image()}.matches('^([^@]*/)?[^:@/]*(:latest)?(@.*)?$')`;
}

/** The name with its registry, as runtimes complete it: what is before the first slash is one only if it looks like a host. */
function fullName(): string {
  const name = image();
  return (
    `!${name}.contains('/') ? 'docker.io/library/' + ${name} : ` +
    `${name}.matches('^(localhost|[^/]*[.:A-Z][^/]*)/') ? ${name} : 'docker.io/' + ${name}`
  );
}
