import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { reportCommand } from '../../../../src/cli/report';

const ROOT = path.join(__dirname, '../../../..');
const CHROMIUM = '/usr/bin/chromium';
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const CONTEXT = { version: '0', colour: false, terminal: false, now: new Date('2026-01-01') };
const SECRET = 'Y2FuYXJ5LWluLXJlcG9ydA==';
const HOSTILE = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'\\n&amp;`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-report-'));
const [example, hostile] = ['example', 'hostile'].map((name) => path.join(folder, `${name}.html`)) as [
  string,
  string,
];

/** Names that a Kubernetes API server would refuse, but that a file can hold. */
function hostileManifests(): string {
  const meta = (more: object = {}) => ({ name: HOSTILE, namespace: HOSTILE, ...more });
  const spec = {
    containers: [{ name: HOSTILE, image: HOSTILE, env: [{ name: 'PASSWORD', value: SECRET }] }],
  };
  const labels = { 'cdk8s-bulwark/tenant': HOSTILE };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: HOSTILE, labels } },
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'other', labels: { 'cdk8s-bulwark/tenant': 'other' } },
    },
    { apiVersion: 'v1', kind: 'Pod', metadata: meta(), spec },
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod', namespace: 'other' }, spec },
    { apiVersion: 'v1', kind: 'Secret', metadata: meta(), data: { [HOSTILE]: SECRET } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: HOSTILE },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'User', name: HOSTILE }],
    },
  ]
    .map((manifest) => JSON.stringify(manifest))
    .join('\n---\n');
}

let browser: Browser;
beforeAll(async () => {
  const manifests = path.join(folder, 'hostile.yaml');
  fs.writeFileSync(manifests, hostileManifests());
  await reportCommand([path.join(ROOT, 'dist')], { output: example }, CONTEXT);
  await reportCommand([manifests], { output: hostile, baseline: path.join(ROOT, 'dist') }, CONTEXT);
  browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Opens a page from disk, and collects what it says on the console and what it asks of the network. */
async function open(file: string, scheme: string, width: number): Promise<{ page: Page; said: string[] }> {
  const page = await browser.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('dialog', (dialog) => said.push(dialog.message()));
  page.on('request', (request) => {
    if (request.url() !== `file://${file}` && request.url() !== 'data:,') said.push(request.url());
  });
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.goto(`file://${file}`, { waitUntil: 'load' });
  return { page, said };
}

describe.each([
  ['the example', example],
  ['hostile names', hostile],
])('the page about %s', (_, file) => {
  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
  ])(
    'says nothing on the console, asks for nothing and breaks no rule of axe: %s, %i px',
    async (scheme, width) => {
      const { page, said } = await open(file, scheme, width);
      expect(said).toEqual([]);
      await page.evaluate(AXE);
      const broken = await page.evaluate(async () => {
        const { violations } = await (globalThis as any).axe.run();
        return violations.map(({ id, nodes }: any) => `${id}: ${nodes[0].html}`);
      });
      expect(broken).toEqual([]);
      // Nothing but a table or the picture is wider than the window.
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await page.close();
    },
    30_000,
  );
});

it('answers who can do something, and finds objects', async () => {
  const { page, said } = await open(example, 'light', 1280);
  const rows = (table: string) => page.evaluate(`document.querySelector('table.${table} tbody').textContent`);
  await page.type('#who-verb', 'get');
  await page.type('#who-resource', 'pods');
  await page.waitForFunction(`document.querySelector('table.who').tBodies[0].rows.length > 0`);
  expect(await rows('who')).toContain('Group oidc:shop-developersshop-webClusterRole tenant-developer');
  await page.type('#objects-query', 'deployment frontend');
  await page.waitForFunction(`document.querySelector('table.objects').tBodies[0].rows.length < 3`);
  expect(await rows('objects')).toMatch(/^Deploymentshop-web\/frontend/);
  expect(said).toEqual([]);
  await page.close();
});

it('shows the essence without scripts', async () => {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(false);
  await page.goto(`file://${example}`);
  const text = fs.readFileSync(example, 'utf8').replace(/<script[^]*?<\/script>/g, '');
  for (const part of ['kept apart', 'adservice', 'who may do', 'What each subject of a binding may do'])
    expect(text.toLowerCase()).toContain(part.toLowerCase());
  await page.close();
});

it('holds no value of a Secret in any format', async () => {
  const manifests = path.join(folder, 'hostile.yaml');
  for (const ending of ['html', 'json', 'md']) {
    const output = path.join(folder, `secret.${ending}`);
    await reportCommand([manifests], { output }, CONTEXT);
    expect(fs.readFileSync(output, 'utf8')).not.toContain(SECRET);
  }
});

it('is the same page for the same manifests', async () => {
  const again = path.join(folder, 'again.html');
  await reportCommand([path.join(ROOT, 'dist')], { output: again }, CONTEXT);
  expect(fs.readFileSync(again)).toEqual(fs.readFileSync(example));
});

it('writes nothing where a part of the manifests, or of the baseline, cannot be read', async () => {
  const output = path.join(folder, 'none.html');
  const [dist, missing] = [path.join(ROOT, 'dist'), path.join(folder, 'missing')];
  await expect(reportCommand([dist, missing], { output }, CONTEXT)).rejects.toThrow(/No report was written/);
  await expect(reportCommand([dist], { output, baseline: missing }, CONTEXT)).rejects.toThrow(
    /No report was/,
  );
  expect(fs.existsSync(output)).toBe(false);
});

it('refuses a file that cannot be written, and a format that there is not', async () => {
  const run = (options: { output: string; format?: string }) =>
    reportCommand([path.join(ROOT, 'dist')], options, CONTEXT);
  await expect(run({ output: path.join(example, 'inside.html') })).rejects.toThrow(/cannot be written/);
  await expect(run({ output: '/proc/a/report.html' })).rejects.toThrow(/cannot be written \(ENOENT\)/);
  await expect(run({ output: 'x', format: 'pdf' })).rejects.toThrow(/--format: there is no 'pdf'/);
});
