import path from 'node:path';
import { readPaths } from '../../src/cli/input';
import { BUILT_IN_GROUPS } from '../../src/manifest/custom-resources';
import { groupOf } from '../../src/manifest/manifest';
import { podTemplateOf } from '../../src/manifest/pod';
import { ClusterTarget } from '../../src/target/target';
import { useTemporaryFolder } from '../support/folders';
import { importAndSynthesize } from '../support/imported';
import { create, describeWithApiServer, serverMinor } from './harness';

const CHARTS = path.join(__dirname, '../conformance/fixtures/charts');
const target = ClusterTarget.kubernetes(`1.${serverMinor() ?? 37}`);
const folder = useTemporaryFolder();

describeWithApiServer('what comes of a chart by import', (server) => {
  it.each(['edge-router', 'ledger-db'])('%s is admitted with strict validation', async (chart) => {
    const manifests = readPaths([path.join(CHARTS, `${chart}.yaml`)]).manifests.map((each) => each.manifest);
    const place = path.join(folder.path, chart);
    const { synthesized } = importAndSynthesize(manifests, place, { target, now: new Date('2026-06-15') });
    const namespaces = new Set(synthesized.flatMap(({ metadata }) => metadata?.namespace ?? []));
    for (const name of namespaces) {
      await create(server(), { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    const served = synthesized.filter((manifest) => BUILT_IN_GROUPS.has(groupOf(manifest)));
    const refused: string[] = [];
    // Nobody answers its calls here, so it comes last.
    const webhook = (kind: string) => Number(kind.endsWith('WebhookConfiguration'));
    for (const manifest of served.sort((one, other) => webhook(one.kind) - webhook(other.kind))) {
      const { status, body } = await create(server(), manifest);
      if (status !== 201) refused.push(`${manifest.kind} ${manifest.metadata?.name}: ${body.message}`);
    }
    expect(refused).toEqual([]);
    expect(served.filter(podTemplateOf).length).toBeGreaterThan(1);
  });
});
