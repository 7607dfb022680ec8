import path from 'node:path';
import { readPaths } from '../../src/cli/input';
import { CONTROLS } from '../../src/controls/catalogue';
import { hardenManifest } from '../../src/hardening/harden';
import { BUILT_IN_GROUPS } from '../../src/manifest/custom-resources';
import { groupOf, isObject, type Manifest } from '../../src/manifest/manifest';
import { podTemplateOf } from '../../src/manifest/pod';
import { exampleOf } from '../../src/report/control-example';
import { ClusterTarget } from '../../src/target/target';
import { useTemporaryFolder } from '../support/folders';
import { importAndSynthesize } from '../support/imported';
import { create, describeWithApiServer, serverMinor } from './harness';

const CHARTS = path.join(__dirname, '../conformance/fixtures/charts');
const folder = useTemporaryFolder();
const minor = serverMinor() ?? 37;
const target = ClusterTarget.kubernetes(`1.${minor}`);

interface Case {
  readonly name: string;
  readonly manifest: Manifest;
}

/** Groups of files that nodes and the control plane read, and that no server serves. */
const CONFIGURATION = /^([a-z]+\.config|audit)\.k8s\.io\//;

/** What a control's example looks like when it is in order, and what the repairs make of the one that is not. */
const CASES: readonly Case[] = CONTROLS.flatMap((control) => {
  const { fails, passes } = exampleOf(control);
  const repaired =
    'repair' in control && control.repair
      ? fails
          .filter(podTemplateOf)
          .map((manifest) => hardenManifest(serverForm(manifest), { target }).manifest)
      : [];
  return [
    ...passes.map((manifest) => ({ name: `${control.id} passes`, manifest: serverForm(manifest) })),
    ...repaired.map((manifest) => ({ name: `${control.id} repaired`, manifest })),
  ].filter(({ manifest }) => !CONFIGURATION.test(manifest.apiVersion));
});

/** The examples of pods are made for the newest server; an older one does not know this field of them. */
function serverForm(manifest: Manifest): Manifest {
  const pod = structuredClone(manifest);
  const context: unknown = podTemplateOf(pod)?.spec?.securityContext;
  if (minor < 31 && isObject(context)) delete (context as Record<string, unknown>).supplementalGroupsPolicy;
  return pod;
}

describeWithApiServer('examples of controls', (server) => {
  it('are admitted with strict validation, as they pass and as they are repaired', async () => {
    for (const namespace of new Set(CASES.map(({ manifest }) => manifest.metadata?.namespace))) {
      if (namespace === undefined || namespace === 'kube-system') continue;
      await create(server(), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    }
    for (const account of accountsOf(CASES)) await create(server(), account);
    const refused: string[] = [];
    await Promise.all(
      CASES.map(async ({ name, manifest }) => {
        try {
          const { status, body } = await create(server(), manifest, { dryRun: true });
          const exists = status === 409 && body.reason === 'AlreadyExists';
          if (status !== 201 && !exists) refused.push(`${name}: ${manifest.kind}: ${body.message}`);
        } catch (error) {
          refused.push(`${name}: ${(error as Error).message}`);
        }
      }),
    );
    expect(refused).toEqual([]);
    expect(CASES.filter(({ name }) => name.endsWith('repaired')).length).toBeGreaterThan(8);
    expect(CASES.length).toBeGreaterThan(100);
  });

  // On the same server, since one takes longer to start than this takes. It leaves a webhook behind that nobody answers.
  it.each(['edge-router', 'ledger-db'])('so is what comes of the chart %s by import', async (chart) => {
    const manifests = readPaths([path.join(CHARTS, `${chart}.yaml`)]).manifests.map((each) => each.manifest);
    const place = path.join(folder.path, chart);
    const { synthesized } = importAndSynthesize(manifests, place, { target, now: new Date('2026-06-15') });
    const namespaces = new Set(synthesized.flatMap(({ metadata }) => metadata?.namespace ?? []));
    for (const name of namespaces) {
      await create(server(), { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    const served = synthesized.filter((manifest) => BUILT_IN_GROUPS.has(groupOf(manifest)));
    const refused: string[] = [];
    const isWebhook = ({ kind }: Manifest) => Number(kind.endsWith('WebhookConfiguration'));
    for (const manifest of served.sort((one, other) => isWebhook(one) - isWebhook(other))) {
      const { status, body } = await create(server(), manifest);
      if (status !== 201) refused.push(`${manifest.kind} ${manifest.metadata?.name}: ${body.message}`);
    }
    expect(refused).toEqual([]);
    expect(served.filter(podTemplateOf).length).toBeGreaterThan(1);
  });
});

/** Pods are admitted with accounts that exist only. */
function accountsOf(cases: readonly Case[]): Manifest[] {
  const accounts = new Map<string, Manifest>();
  for (const { manifest } of cases) {
    const declared: unknown = podTemplateOf(manifest)?.spec?.serviceAccountName;
    const name = typeof declared === 'string' ? declared : 'default';
    const namespace = manifest.metadata?.namespace ?? 'default';
    if (!podTemplateOf(manifest)) continue;
    accounts.set(`${namespace}/${name}`, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace },
    });
  }
  return [...accounts.values()];
}
