import { ENCRYPTION_TEMPLATE, type ControlPlanePlan } from './plan';
import { keyPlaceholder, SECRETBOX_KEY_BYTES, type EncryptionProvider } from './encryption';
import type { Platform, PlatformOutput } from './platforms/platform';

/** What to do with the files of a control plane, command by command, and what no file can do. */
export function applyGuide(plan: ControlPlanePlan, platform: Platform, output: PlatformOutput): string {
  return [
    `# Control plane of Kubernetes ${plan.target.version} on ${platform.name}\n`,
    'These files configure the nodes themselves. `kubectl apply` neither reads nor needs them.\n',
    ...(output.needsFiles ? [placing(plan)] : []),
    `## Apply\n\n${output.apply}`,
    ...(output.needsFiles && keysOf(plan).length > 0 ? [ROTATION] : []),
    checklist(plan),
  ].join('\n');
}

function placing(plan: ControlPlanePlan): string {
  const { folder, auditLogs } = plan.layout;
  return `\
## Put the files in place

On every control-plane node, as root, in the folder of this file. All nodes get the same files, the key included.

    install -d -o root -g root -m 0700 ${folder} ${auditLogs}
    cp -r files/. ${folder}/
${keysOf(plan).length > 0 ? makeKey(plan) : ''}    chown -R root:root ${folder}
    find ${folder} -type f -exec chmod 0600 {} +
`;
}

/** On standard input and in a file of mode 0600, never in an argument that other processes could read. */
function makeKey(plan: ControlPlanePlan): string {
  const { folder } = plan.layout;
  const [key] = keysOf(plan);
  return `\

The key is made on the first node and copied to the others over an encrypted connection; it is in no file of this folder:

    umask 077
    head -c ${SECRETBOX_KEY_BYTES} /dev/urandom | base64 > ${folder}/${key}.key
    awk 'NR==FNR { key = $0; next } { sub(/${keyPlaceholder(key!)}/, key) } 1' \\
      ${folder}/${key}.key ${folder}/${ENCRYPTION_TEMPLATE} > ${folder}/encryption.yaml
    rm ${folder}/${key}.key ${folder}/${ENCRYPTION_TEMPLATE}

`;
}

/** Names of the keys that have to be made. */
function keysOf({ encryption }: ControlPlanePlan): string[] {
  const providers: readonly { readonly type: string }[] = [
    encryption.provider,
    ...(encryption.readable ?? []),
  ];
  return providers
    .filter(
      (provider): provider is EncryptionProvider & { type: 'secretbox' } => provider.type === 'secretbox',
    )
    .map(({ keyName = 'key1' }) => keyName);
}

const ROTATION = `\
## Encrypt what was stored before, and change the key

What was stored before the encryption stays as it was until it is written again:

    for kind in secrets configmaps; do kubectl get "$kind" -A -o json | kubectl replace -f -; done

The steps of a change of key are the folders \`rotation/1-readable\`, \`2-writing\` and \`3-retired\`, where they were asked for. Each step
is in force on every control-plane node before the next begins; the API server reads a changed file by itself within a minute.
Between the second and the third, rewrite every object as above and back up etcd.
`;

function checklist({ target, layout }: ControlPlanePlan): string {
  return `\
## What no file here can do

Check these on the nodes (numbers of the CIS Kubernetes Benchmark 1.12):

| CIS | what | command |
| --- | --- | --- |
| 1.1.1 to 1.1.8 | static pod manifests belong to root and have mode 600 | \`stat -c '%a %U:%G %n' /etc/kubernetes/manifests/*\` |
| 1.1.11, 1.1.12 | the data of etcd has mode 700 and belongs to etcd | \`stat -c '%a %U:%G' /var/lib/etcd\` |
| 1.1.13 to 1.1.18 | kubeconfigs of administrators and components have mode 600 | \`stat -c '%a %U:%G %n' /etc/kubernetes/*.conf\` |
| 1.1.19 to 1.1.21 | the PKI belongs to root; its keys have mode 600 | \`find /etc/kubernetes/pki -name '*.key' ! -perm 600\` |
| 1.2.4, 1.2.5 | the API server checks the certificates of kubelets | approve the CSRs, then set \`kubelet-certificate-authority\` |
| 3.1.1 | nobody works with a client certificate, which cannot be revoked | \`kubectl config view\`: people sign in at the OIDC issuer |
| 4.1.1 to 4.1.10 | files of the kubelet belong to root and have mode 600 | \`stat -c '%a %U:%G %n' /var/lib/kubelet/config.yaml\` |
| 4.2.11 | serving certificates of kubelets are approved by somebody | \`kubectl get csr\` |
| 5.3.1 | the network plugin enforces NetworkPolicies | \`bulwark reach\` says what should be; try one connection that should not be |

Ship ${layout.auditLogs}/audit.log to another machine: whoever takes over a node can change it there. Keep the nodes on a release of
Kubernetes ${target.version} that still gets fixes.
`;
}
