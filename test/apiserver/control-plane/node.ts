import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { Blueprint, ClusterTarget, ControlPlane, type ControlPlaneProps } from '../../../constructs';

/** What kubeadm would mount into the API server, on this machine in a folder of its own. */
export interface Node {
  /** The folder of the files that the flags name. */
  readonly files: string;
  readonly auditLog: string;
  /** What the synthesis wrote for kubeadm. */
  readonly output: string;
  /** Flags of kube-apiserver as in kubeadm.yaml, with the folders of this machine. */
  readonly flags: readonly string[];
}

const FOLDERS = /\/etc\/kubernetes\/bulwark|\/var\/log\/kubernetes\/audit/g;

/** Synthesizes a control plane and puts its files in place with the very commands that its APPLY.md names. */
export function prepareNode(version: string, props: ControlPlaneProps): Node {
  const dir = mkdtempSync(join(tmpdir(), 'control-plane-'));
  const blueprint = new Blueprint({ target: ClusterTarget.kubernetes(version), outdir: join(dir, 'dist') });
  new ControlPlane(blueprint, 'control-plane', { ...props, platforms: ['kubeadm'] });
  blueprint.synth();
  const output = join(dir, 'dist', 'control-plane', 'kubeadm');
  const here = (text: string) =>
    text.replaceAll(FOLDERS, (folder) => join(dir, folder.endsWith('audit') ? 'audit' : 'files'));
  const commands = placingCommands(readFileSync(join(output, 'APPLY.md'), 'utf8'));
  execFileSync('bash', ['-eu'], {
    cwd: output,
    input: here(unprivileged(commands)),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // A file may name another one.
  const admission = join(dir, 'files', 'admission.yaml');
  writeFileSync(admission, here(readFileSync(admission, 'utf8')));
  const [cluster] = loadAll(readFileSync(join(output, 'kubeadm.yaml'), 'utf8')) as any[];
  const flags = argsOf(cluster.apiServer.extraArgs).map(([name, value]) => here(`--${name}=${value}`));
  return { files: join(dir, 'files'), auditLog: join(dir, 'audit', 'audit.log'), output, flags };
}

/** The file of a step of a change of key, with the keys of this node in it. */
export function expandTemplate({ files, output }: Node, step: string): string {
  const expanded = join(files, `${step}.yaml`);
  const script = `umask 077; sh '${files}/fill-keys.sh' '${output}/rotation/${step}.yaml.template' > '${expanded}'`;
  execFileSync('bash', ['-euc', script], { stdio: 'inherit' });
  return expanded;
}

/** v1beta4 lists arguments, v1beta3 maps them. */
function argsOf(args: any): [string, string][] {
  return Array.isArray(args) ? args.map(({ name, value }) => [name, value]) : Object.entries(args);
}

/** The code blocks under "Put the files in place". */
function placingCommands(guide: string): string {
  const [section] = /## Put the files in place[^]*?(?=\n## )/.exec(guide) ?? [''];
  return section
    .split('\n')
    .filter((line) => line.startsWith('    '))
    .map((line) => line.slice(4))
    .join('\n');
}

/** The tests need not run as root. */
function unprivileged(commands: string): string {
  return commands.replaceAll(/^chown .*$/gm, '').replaceAll('-o root -g root ', '');
}
