import { objectsOf } from '../lists';
import { isObject, type JsonObject, type Manifest } from '../manifest/manifest';
import { containersOf } from '../manifest/pod';
import type { ObjectControl, PodControl, Repair } from './control';
import { isCredential, setsPassword } from './credential-patterns';
import { patchedBy } from './repairs';

const mountReadOnly: Repair = patchedBy(
  ({ spec }) => {
    const volumes = objectsOf(spec.volumes).filter(({ secret }) => secret);
    const secrets = new Set(volumes.map(({ name }) => name));
    for (const { container } of containersOf(spec)) {
      if (!Array.isArray(container.volumeMounts)) continue;
      container.volumeMounts = container.volumeMounts.map((mount) =>
        isObject(mount) && secrets.has(mount.name) ? { readOnly: true, ...mount } : mount,
      );
    }
  },
  [
    {
      of: 'mount',
      field: ['readOnly'],
      value: 'true',
      when:
        '!mount.?readOnly.orValue(false) && ' +
        'variables.pod.?volumes.orValue([]).exists(volume, volume.name == mount.name && has(volume.secret))',
    },
  ],
);

/** Where credentials are kept, and that they are not where everybody reads them. No message ever holds the value. */
export const SECRET_CONTROLS: readonly (PodControl | ObjectControl)[] = [
  {
    id: 'secret-as-file',
    title: 'Secrets reach the process as files',
    why: 'Environment variables are inherited by every child, printed in crash reports, and stay as they were when the secret is changed.',
    severity: 'medium',
    references: [
      { standard: 'CIS 1.11', id: '5.4.1' },
      { standard: 'OWASP K8s 2025', id: 'K03' },
      { standard: 'MITRE ATT&CK', id: 'T1552.007' },
    ],
    aliases: {
      kubescape: ['C-0207'],
      checkov: ['CKV_K8S_35'],
      'kube-linter': ['read-secret-from-env-var'],
      kyverno: ['disallow-secrets-from-env-vars'],
    },
    scope: 'container',
    rule:
      'container.?env.orValue([]).all(variable, !variable.?valueFrom.?secretKeyRef.hasValue()) && ' +
      'container.?envFrom.orValue([]).all(source, !source.?secretRef.hasValue())',
    field: 'env',
    fix: 'Mount the Secret as a volume (useSecret), and tell the program the path.',
    broken: {
      env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'database', key: 'password' } } }],
    },
  },
  {
    id: 'no-credential-in-env',
    title: 'No environment variable holds a credential in plain text',
    why: 'A manifest is read by everybody who may see the repository or get a pod; a password in it is known to all of them, for ever.',
    severity: 'high',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K03' },
      { standard: 'Microsoft threat matrix', id: 'MS-TA9027' },
      { standard: 'MITRE ATT&CK', id: 'T1552' },
    ],
    aliases: {
      kubescape: ['C-0012', 'C-0259'],
      'kube-linter': ['env-var-secret'],
      polaris: ['sensitiveContainerEnvVar'],
    },
    scope: 'container',
    rule:
      'container.?env.orValue([]).all(variable, ' +
      `!${isCredential("variable.?name.orValue('')", "string(variable.?value.orValue(''))")})`,
    field: 'env',
    fix: 'Change the credential, put the new one into a Secret that is sealed or kept outside, and mount it as a file.',
    broken: { env: [{ name: 'DATABASE_PASSWORD', value: 'correct-horse-battery' }] },
  },
  {
    id: 'no-credential-in-config-map',
    title: 'No ConfigMap holds a credential in plain text',
    why: 'Rights to read ConfigMaps are given freely, and they are not encrypted at rest; whatever is in one is known to the namespace.',
    severity: 'high',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K03' },
      { standard: 'MITRE ATT&CK', id: 'T1552.001' },
    ],
    aliases: {
      kubescape: ['C-0012'],
      trivy: ['KSV-0109', 'KSV-01010'],
      polaris: ['sensitiveConfigmapContent'],
    },
    scope: 'object',
    kinds: ['ConfigMap'],
    rule:
      'object.?data.orValue({}).all(key, ' +
      `!${isCredential('key', 'string(object.data[key])')} && !${setsPassword('string(object.data[key])')})`,
    field: 'data',
    fix: 'Change the credential, and put the new one into a Secret that is sealed or kept outside.',
    examples: {
      fails: configMap({ 'app.properties': 'db.user = shop\ndb.password = hunter2hunter2\n' }),
      passes: configMap({ 'app.properties': 'db.user = shop\ndb.passwordFile = /run/secrets/db/password\n' }),
    },
  },
  {
    id: 'no-plaintext-secret',
    title: 'No Secret is written out in a manifest',
    why: 'The data of a Secret is base64, which everybody reads: a Secret in a repository is a published password.',
    severity: 'high',
    references: [
      { standard: 'OWASP K8s 2025', id: 'K03' },
      { standard: 'MITRE ATT&CK', id: 'T1552.001' },
    ],
    aliases: { kubescape: ['C-0208', 'C-0234'], kyverno: ['disallow-all-secrets'] },
    scope: 'object',
    kinds: ['Secret'],
    // Certificates are public. SOPS writes ENC[...], and Flux and Argo CD put a value in place of ${...} and <...>.
    rule:
      '[object.?data, object.?stringData].all(values, values.orValue({}).all(key, ' +
      "key in ['ca.crt', 'tls.crt'] || string(values.orValue({})[key])" +
      ".matches('^$|^ENC[[]|^[$][{][A-Za-z0-9_]+[}]$|^<[^>]+>$')))",
    field: 'data',
    fix: 'Commit a SealedSecret or an ExternalSecret in its place (bulwark seal), and change what was in this one.',
    examples: {
      fails: secret({ data: { password: 'aHVudGVyMg==' } }),
      passes: secret({ stringData: { password: 'ENC[AES256_GCM,data:3Rw=,iv:a,tag:b,type:str]' } }),
    },
  },
  {
    id: 'secret-file-mode',
    title: 'Secret files are readable by the process and by nobody else',
    why: 'By default every user in the container reads the file, so a helper that was made to run as somebody else gains nothing by it.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'Good practices for Kubernetes Secrets' }],
    scope: 'pod',
    rule:
      'variables.pod.?volumes.orValue([]).all(volume, ' +
      `(!has(volume.secret) || ${isPrivate('volume.secret')}) && ` +
      // An API server writes a volume without sources as null, which optional fields do not cover.
      '(!has(volume.projected) || !has(volume.projected.sources) || dyn(volume.projected.sources) == null || ' +
      `!volume.projected.sources.exists(source, has(source.secret)) || ${isPrivate('volume.projected')}))`,
    field: 'volumes',
    fix: 'Set defaultMode to 0o440 (288) and fsGroup to the group of the process, or 0o400 (256) where it is root.',
    broken: { volumes: [{ name: 'database', secret: { secretName: 'database' } }] },
  },
  {
    id: 'secret-mount-read-only',
    title: 'Secrets are mounted read-only',
    why: 'The kubelet mounts Secrets read-only; a mount that says otherwise misleads, and a program that relies on writing fails.',
    severity: 'low',
    references: [{ standard: 'CVE', id: 'CVE-2017-1002102' }],
    scope: 'pod',
    rule: everySecretMount('mount.?readOnly.orValue(false) == true'),
    field: 'containers',
    fix: 'Set readOnly to true wherever the Secret is mounted.',
    repair: mountReadOnly,
    broken: mounted({ readOnly: false }),
  },
  {
    id: 'no-secret-sub-path',
    title: 'Secrets are mounted as a folder',
    why: 'A single file mounted with subPath stays as it was when the Secret is changed, so a stolen credential lives on in the pod.',
    severity: 'low',
    references: [{ standard: 'Kubernetes', id: 'Good practices for Kubernetes Secrets' }],
    scope: 'pod',
    rule: everySecretMount('!has(mount.subPath) && !has(mount.subPathExpr)'),
    field: 'containers',
    fix: 'Remove subPath, and mount the Secret at a folder of its own.',
    broken: mounted({ readOnly: true, subPath: 'password' }),
  },
];

/** No right for others, and none to write for the group. The default is 0644. */
function isPrivate(source: string): string {
  const modes = [0o400, 0o440, 0o500, 0o550, 0o600, 0o640, 0o700, 0o750];
  return (
    `(${source}.?defaultMode.orValue(420) in [${modes.join(', ')}] && ` +
    `${source}.?items.orValue([]).all(item, item.?mode.orValue(256) in [${modes.join(', ')}]))`
  );
}

/** A condition that holds for each mount of a Secret. */
function everySecretMount(rule: string): string {
  return (
    'variables.pod.?volumes.orValue([]).all(volume, !has(volume.secret) || ' +
    '[variables.pod.?initContainers, variables.pod.?containers, variables.pod.?ephemeralContainers].all(list, ' +
    'list.orValue([]).all(container, container.?volumeMounts.orValue([]).all(mount, ' +
    `mount.name != volume.name || (${rule})))))`
  );
}

/** What mounts a Secret in a pod. */
function mounted(mount: JsonObject): JsonObject {
  const volumeMounts = [{ name: 'database', mountPath: '/run/secrets/database', ...mount }];
  return {
    volumes: [{ name: 'database', secret: { secretName: 'database', defaultMode: 0o440 } }],
    containers: [{ name: 'api', image: 'registry.example/api:1.4.2', volumeMounts }],
  };
}

function configMap(data: Record<string, string>): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'shop' }, data };
}

function secret(values: JsonObject): Manifest {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'database', namespace: 'shop' }, ...values };
}
