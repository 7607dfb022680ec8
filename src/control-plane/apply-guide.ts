import { ENCRYPTION_TEMPLATE, type ControlPlanePlan } from './plan';
import { SECRETBOX_KEY_BYTES } from './encryption';
import type { Platform, PlatformOutput } from './platforms/platform';

/** What to do with the files of a control plane, command by command, and what no file can do. */
export function applyGuide(plan: ControlPlanePlan, platform: Platform, output: PlatformOutput): string {
  return [
    `# Control plane of Kubernetes ${plan.target.version} on ${platform.name}\n`,
    'These files configure the nodes themselves. `kubectl apply` neither reads nor needs them.\n',
    ...(output.needsFiles ? [placing(plan)] : []),
    `## Apply\n\n${output.apply}`,
    ...(output.needsFiles ? [rotation(plan)] : []),
    exempt(plan),
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
${needsKeys(plan) ? makeKeys(plan) : ''}    chown -R root:root ${folder}
    find ${folder} -type f -exec chmod 0600 {} +
`;
}

function makeKeys({ layout: { folder } }: ControlPlanePlan): string {
  return `\

The keys are in no file here. The first node makes them, in \`keys/\`, and puts them in their place. Copy \`keys/\` from there to the
other nodes over an encrypted connection before you do the same on those:

    sh ${folder}/${FILL_KEYS} ${folder}/${ENCRYPTION_TEMPLATE} > ${folder}/encryption.yaml

`;
}

/** The script that makes keys on a node. A key is on no command line and in no file that others may read. */
export const FILL_KEYS = 'fill-keys.sh';

/** Content of {@link FILL_KEYS}: POSIX sh and awk, which every node has. */
export const FILL_KEYS_SCRIPT = `\
#!/bin/sh
# Prints a template with each @NAME@ replaced by the key in keys/NAME beside this script. A key that is missing is made.
set -eu
umask 077
keys=$(cd "$(dirname "$0")" && pwd)/keys
mkdir -p "$keys"
for name in $(grep -o '@[A-Za-z0-9._-]*@' "$1" | tr -d @ | sort -u); do
  [ -s "$keys/$name" ] || head -c ${SECRETBOX_KEY_BYTES} /dev/urandom | base64 > "$keys/$name"
done
keys="$keys" awk '{
  while (match($0, /@[A-Za-z0-9._-]+@/)) {
    file = ENVIRON["keys"] "/" substr($0, RSTART + 1, RLENGTH - 2)
    getline key < file
    close(file)
    $0 = substr($0, 1, RSTART - 1) key substr($0, RSTART + RLENGTH)
  }
  print
}' "$1"
`;

/** Whether some key has to be made on the nodes. */
function needsKeys({ files }: ControlPlanePlan): boolean {
  return files.has(ENCRYPTION_TEMPLATE);
}

function rotation(plan: ControlPlanePlan): string {
  const { folder } = plan.layout;
  return `\
## Encrypt what was stored before, and change the key

What was stored before the encryption stays as it was until it is written again:

${rewriting(plan)}
The steps of a change of key or provider are the files of \`rotation/\`, which are there where a change was asked for. Bring each step
into force on every control-plane node before the next one begins, the first step on the first node first, since that makes the
new key, which the others get a copy of:

    sh ${folder}/${FILL_KEYS} rotation/1-readable.yaml.template > ${folder}/encryption.yaml.new
    mv ${folder}/encryption.yaml.new ${folder}/encryption.yaml

The API server reads a changed file by itself within a minute; \`apiserver_encryption_config_controller_automatic_reload_last_timestamp_seconds\`
in its metrics says when it did. Between the second step and the third, rewrite as above, back up etcd, and see that nothing is
left under the old key, here \`key1\`: this has to print 0.

    ETCDCTL_API=3 etcdctl get /registry --prefix --print-value-only | grep -c -a '^k8s:enc:secretbox:v1:key1:'
`;
}

function rewriting({ encryption: { resources = [], customResources = true } }: ControlPlanePlan): string {
  const rewrite = (list: string) =>
    `    for kind in ${list}; do kubectl get "$kind" -A -o json | kubectl replace -f -; done\n`;
  if (resources.includes('*.*'))
    return rewrite("$(kubectl api-resources --verbs=list,update -o name | grep -v '^events')");
  const custom = customResources ? rewrite('$(kubectl get crd -o name | cut -d/ -f2)') : '';
  const named = resources.map((resource) =>
    resource.startsWith('*.')
      ? rewrite(`$(kubectl api-resources --api-group=${resource.slice(2)} --verbs=list,update -o name)`)
      : rewrite(resource),
  );
  return [rewrite('secrets configmaps'), ...named, custom].join('');
}

/** The file has no place for a reason, and whoever reviews an exemption asks for it first. */
function exempt({ exemptions }: ControlPlanePlan): string {
  const rows = exemptions.map(({ namespace, username, runtimeClass, reason, expires }) => {
    const [kind, name] = namespace
      ? ['namespace', namespace]
      : username
        ? ['user', username]
        : ['runtime class', runtimeClass];
    return `| ${kind} ${name} | ${reason.replaceAll('|', '\\|')} | ${expires ?? 'never'} |`;
  });
  const table = ['| exempt | why | until |', '| --- | --- | --- |', ...rows].join('\n');
  return `## What Pod Security does not judge\n\n${rows.length > 0 ? table : 'Nothing is exempt.'}\n`;
}

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
