import fs from 'node:fs';
import path from 'node:path';
import type { Manifest } from '../../../../src/manifest/manifest';
import { clusterReport } from '../../../../src/report/cluster/build';
import { formatReport } from '../../../../src/report/cluster/formats';
import { readManifests } from '../../../../src/manifest/reader';
import { toYaml } from '../../../../src/manifest/yaml';
import { useTemporaryFolder } from '../../../support/folders';
import { denyAll, deployment, namespace, policy } from '../../network/cluster';
import { useBrowser } from './browser';

const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const folder = useTemporaryFolder();
const chromium = useBrowser();

/** Tenants of which each of the first reaches the one after it. */
function chain(tenants: number, reaching: number): Manifest[] {
  const name = (index: number) => `tenant-${String(index).padStart(3, '0')}`;
  const peer = (index: number) => [
    { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name(index) } } },
  ];
  return Array.from({ length: tenants }, (_, index): Manifest[] => [
    namespace(name(index), name(index)),
    denyAll(name(index)),
    deployment(name(index), 'web'),
    ...(index < reaching
      ? [
          policy(name(index), 'next', {
            podSelector: {},
            policyTypes: ['Egress'],
            egress: [{ to: peer(index + 1) }],
          }),
        ]
      : []),
    ...(index > 0 && index <= reaching
      ? [policy(name(index), 'previous', { podSelector: {}, ingress: [{ from: peer(index - 1) }] })]
      : []),
  ]).flat();
}

async function openReport(tenants: number, reaching: number, width = 1280) {
  const file = path.join(folder.path, 'report.html');
  const { manifests } = readManifests(toYaml(chain(tenants, reaching)), 'all.yaml');
  fs.writeFileSync(file, formatReport(clusterReport(manifests), 'html'));
  return chromium.open(file, 'light', width);
}

it('are a matrix of signs from nine on, with words for whoever does not see them', async () => {
  const { page, said } = await openReport(9, 2);
  const cells = (await page.evaluate(`[...document.querySelectorAll('table.matrix tbody tr')].map((row) =>
    [...row.cells].slice(1).map((cell) => cell.innerText.trim().replace(/\\s+/g, ' ')))`)) as string[][];
  expect(cells[0]!.slice(0, 3)).toEqual(['– itself', '→ tenant-000 reaches tenant-001', '· kept apart']);
  expect(cells.flat().filter((text) => text.startsWith('→'))).toHaveLength(2);
  // Both lead to why.
  const links = (await page.evaluate(`[...document.querySelectorAll('table.matrix a')].map((link) =>
    document.querySelector(link.hash).textContent.trim())`)) as string[];
  expect(links).toEqual(['tenant-000 reaches tenant-001', 'tenant-001 reaches tenant-002']);
  await page.evaluate(AXE);
  const broken = await page.evaluate(`axe.run().then(({ violations }) => violations.map(({ id }) => id))`);
  expect({ broken, said }).toEqual({ broken: [], said: [] });
  await page.close();
}, 30_000);

it('are grouped beyond thirty, and found by their names', async () => {
  const { page, said } = await openReport(40, 20, 390);
  expect(await page.evaluate(`document.querySelector('table.matrix')`)).toBeNull();
  expect(await page.evaluate(`document.querySelector('table.groups tbody').innerText`)).toMatch(
    /^reach 1 other tenant\n20\ntenant-000, [^]*\nreach no other tenant\n20\ntenant-020, /,
  );
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  const status = () => page.evaluate(`document.getElementById('crossings-status').textContent`);
  expect(await status()).toBe('20 pairs');
  await page.type('#crossings-query', 'tenant-007');
  await page.waitForFunction(`document.getElementById('crossings-status').textContent !== '20 pairs'`);
  expect(await status()).toBe('2 of 20 pairs');
  const shown = (await page.evaluate(`[...document.querySelectorAll('table.crossings tbody tr')]
    .filter((row) => row.offsetHeight > 0).map((row) => row.cells[0].innerText)`)) as string[];
  expect(shown).toEqual(['tenant-006 reaches tenant-007', 'tenant-007 reaches tenant-008']);
  expect(said).toEqual([]);
  await page.close();
}, 30_000);
