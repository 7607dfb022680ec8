import fs from 'node:fs';
import path from 'node:path';
import type { Manifest } from '../../../src/manifest/manifest';
import { toYaml } from '../../../src/manifest/yaml';
import { filesIn, manifestsOf, useTemporaryFolder } from '../../support/folders';
import { runCommand } from '../../support/run-command';

const DIST = path.join(__dirname, '../../../dist');
const folder = useTemporaryFolder();

/** A copy of what the example synthesizes, with changes of its objects. */
function changedDist(change: (manifests: Manifest[]) => readonly Manifest[]): string {
  const copy = path.join(folder.path, 'dist');
  fs.cpSync(DIST, copy, { recursive: true });
  for (const [name, text] of Object.entries(filesIn(DIST)))
    fs.writeFileSync(path.join(copy, name), toYaml(change(manifestsOf(text))));
  return copy;
}

function edit(manifests: readonly Manifest[], which: string, change: (manifest: any) => void): void {
  const found = manifests.filter(({ kind, metadata }) => `${kind} ${metadata?.name}` === which);
  found.forEach(change);
}

/** Both ends have to open a port. */
function openPort(manifests: Manifest[]): Manifest[] {
  const port = { port: 6380, protocol: 'TCP' };
  edit(manifests, 'NetworkPolicy cartservice', ({ spec }) => spec.egress[0].ports.push(port));
  edit(manifests, 'NetworkPolicy redis-cart', ({ spec }) => spec.ingress[0].ports.push(port));
  return manifests;
}

function widenRole(manifests: Manifest[]): Manifest[] {
  edit(manifests, 'ClusterRole tenant-viewer', ({ rules }) =>
    rules.push({ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['list'] }),
  );
  return manifests;
}

function removeGuard(manifests: readonly Manifest[]): Manifest[] {
  return manifests.filter(({ metadata }) => !metadata?.name?.startsWith('bulwark-services'));
}

const all = (manifests: Manifest[]) => removeGuard(widenRole(openPort(manifests)));

const ROLE = 'Group oidc:analytics may now list leases.coordination.k8s.io in analytics-reports';
const PORT =
  'shop-web/cartservice[Deployment] may now connect to shop-web/redis-cart[Deployment] on TCP 6380, before on TCP 6379 only';
const GUARD = 'ValidatingAdmissionPolicy bulwark-services was removed';

it.each([
  ['an opened port', openPort, [PORT]],
  ['a widened role', widenRole, [ROLE]],
  ['a removed guard', removeGuard, [GUARD]],
  ['all three', all, [ROLE, PORT, GUARD]],
])(
  'of two folders of the example that differ by %s names that and nothing else',
  async (_, change, texts) => {
    const { out, err, exitCode } = await runCommand(['diff', DIST, changedDist(change), '--format', 'json']);
    const { changes, counts } = JSON.parse(out) as { changes: { text: string }[]; counts: object };
    expect(changes.map(({ text }) => text)).toEqual(texts);
    expect(counts).toEqual({ widened: texts.length, narrowed: 0, neutral: 0 });
    expect({ err, exitCode }).toEqual({ err: '', exitCode: 1 });
  },
);

it('is what the documentation shows, and no wider than a terminal of 80 columns', async () => {
  const { out } = await runCommand(['diff', DIST, changedDist(all)]);
  expect(fs.readFileSync(path.join(DIST, '../docs/report.md'), 'utf8')).toContain(`\`\`\`\n${out}\`\`\``);
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

it('is a table in Markdown', async () => {
  const { out } = await runCommand(['diff', DIST, changedDist(all), '--format', 'markdown']);
  expect(out).toBe(`**More becomes possible: 3 widened, 0 narrowed, 0 neutral.**

| | widened |
| --- | --- |
| Rights | Group oidc:analytics may now list leases.coordination.k8s.io in analytics-reports<br>ClusterRole tenant-viewer, bound by RoleBinding analytics-reports/tenant-viewer |
| Network | shop-web/cartservice&#91;Deployment&#93; may now connect to shop-web/redis-cart&#91;Deployment&#93; on TCP 6380, before on TCP 6379 only |
| Guards | ValidatingAdmissionPolicy bulwark-services was removed |

`);
});

it('ends with 2, the error and no comparison where one of the folders cannot be read', async () => {
  const missing = path.join(folder.path, 'missing');
  for (const paths of [
    [DIST, missing],
    [missing, DIST],
  ]) {
    expect(await runCommand(['diff', ...paths])).toEqual({
      out: '',
      err: `${missing}: there is no such file or folder. Correct the path.\nNothing was compared.\n`,
      exitCode: 2,
    });
  }
});
