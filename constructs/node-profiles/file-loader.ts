import type { Construct } from 'constructs';
import { addOutputFile } from '../blueprint/output-file';
import type { ProfileSet } from './profile-set';

/** Writes each profile as a file, and how to install them. */
export function loadFromFiles(scope: Construct, { appArmor, seccomp }: ProfileSet): void {
  for (const { rendered } of appArmor) {
    addOutputFile(scope, { path: `nodes/apparmor/${rendered.name}`, content: () => rendered.text });
  }
  for (const { rendered } of seccomp) {
    addOutputFile(scope, { path: `nodes/seccomp/${rendered.name}.json`, content: () => rendered.text });
  }
  addOutputFile(scope, { path: 'nodes/README.md', content: () => instructions({ appArmor, seccomp }) });
}

function instructions({ appArmor, seccomp }: ProfileSet): string {
  return [
    '# Profiles for nodes',
    '',
    'Install these on every node that runs pods, in its image or when it is set up, before `kubectl apply`. A pod whose',
    'profile is missing does not start. A changed profile has a new name, so add the new files first, apply, and remove the',
    'old ones when no pod uses them.',
    ...(appArmor.length > 0 ? APP_ARMOR : []),
    ...appArmor.map(({ rendered }) => `- ${rendered.name}`),
    ...(seccomp.length > 0 ? SECCOMP : []),
    ...seccomp.map(({ rendered }) => `- ${rendered.name}.json`),
    '',
  ].join('\n');
}

const APP_ARMOR = [
  '',
  '## AppArmor',
  '',
  'In this folder, as root. AppArmor 3.0 or newer; the second command also loads them now, the boot does it from then on.',
  '',
  '    install -m 0644 apparmor/* /etc/apparmor.d/',
  '    for file in apparmor/*; do apparmor_parser --replace "/etc/apparmor.d/${file##*/}"; done',
  '',
];

const SECCOMP = [
  '',
  '## seccomp',
  '',
  'In this folder, as root. The kubelet reads them when a container starts.',
  '',
  '    install -d -m 0755 /var/lib/kubelet/seccomp/bulwark',
  '    install -m 0644 seccomp/* /var/lib/kubelet/seccomp/bulwark/',
  '',
];
