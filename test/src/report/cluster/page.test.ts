import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { reportCommand } from '../../../../src/cli/report';
import type { Manifest } from '../../../../src/manifest/manifest';
import { toYaml } from '../../../../src/manifest/yaml';
import { manifestsIn } from '../../../support/folders';
import { useBrowser } from './browser';

const ROOT = path.join(__dirname, '../../../..');
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const CONTEXT = { version: '0', colour: false, terminal: false, now: new Date('2026-01-01') };
const SECRET = 'Y2FuYXJ5LWluLXJlcG9ydA==';
const HOSTILE = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'\\n&amp;`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-report-'));
const [example, hostile] = ['example', 'hostile'].map((name) => path.join(folder, `${name}.html`)) as [
  string,
  string,
];

/** Names that a Kubernetes API server would refuse, but that a file can hold, in everything that a report tells of. */
function hostileManifests(): Manifest[] {
  const named = (kind: string, more: object = {}, namespace: string | undefined = HOSTILE): Manifest => ({
    apiVersion: 'v1',
    kind,
    metadata: { name: HOSTILE, ...(namespace !== '' && { namespace }) },
    ...more,
  });
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
  const container = { name: HOSTILE, image: HOSTILE, env: [{ name: 'PASSWORD', value: SECRET }] };
  const spec = { containers: [container] };
  const tenant = (name: string) => ({ metadata: { name, labels: { 'cdk8s-bulwark/tenant': name } } });
  return [
    { apiVersion: 'v1', kind: 'Namespace', ...tenant(HOSTILE) },
    { apiVersion: 'v1', kind: 'Namespace', ...tenant('other') },
    named('Pod', { spec }),
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod', namespace: 'other' }, spec },
    named('Pod', {
      metadata: {
        name: 'waived',
        namespace: HOSTILE,
        annotations: { 'cdk8s-bulwark/waive.run-as-non-root': `${HOSTILE} is a reason` },
      },
      spec,
    }),
    named('Secret', { data: { [HOSTILE]: SECRET } }),
    named('Service', { spec: { type: 'LoadBalancer', selector: {}, ports: [{ port: 80 }] } }),
    named(
      'ClusterRole',
      { ...rbac, rules: [{ apiGroups: [HOSTILE], resources: [HOSTILE], verbs: [HOSTILE, 'get'] }] },
      '',
    ),
    ...['cluster-admin', HOSTILE].map((role) =>
      named(
        'ClusterRoleBinding',
        {
          ...rbac,
          metadata: { name: `${HOSTILE} ${role}` },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
          subjects: [{ kind: 'User', name: HOSTILE }],
        },
        '',
      ),
    ),
  ];
}

/** The example with a guard less, a port more and a wider role. */
function changedExample(): Manifest[] {
  const manifests = manifestsIn(path.join(ROOT, 'dist')).filter(
    ({ metadata }) => !metadata?.name?.startsWith('bulwark-services'),
  );
  for (const { kind, metadata, spec, rules } of manifests as any[]) {
    if (kind === 'ClusterRole' && metadata.name === 'tenant-viewer')
      rules.push({ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['list'] });
    if (kind === 'ResourceQuota' && metadata.namespace === 'shop-web' && metadata.name === 'quota')
      spec.hard.pods = '1';
  }
  return manifests;
}

const chromium = useBrowser();
const { open } = chromium;
beforeAll(async () => {
  const manifests = path.join(folder, 'hostile.yaml');
  const documents = hostileManifests().map((manifest) => JSON.stringify(manifest));
  fs.writeFileSync(manifests, documents.join('\n---\n'));
  await reportCommand([path.join(ROOT, 'dist')], { output: example }, CONTEXT);
  await reportCommand([manifests], { output: hostile, baseline: path.join(ROOT, 'dist') }, CONTEXT);
}, 60_000);
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

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

it('shows hostile names as they are, in every section, and none as markup', async () => {
  const { page } = await open(hostile, 'light', 1280);
  const sections = (await page.evaluate(`
    [...document.querySelectorAll('main section')].map((section) => [section.querySelector('h2').id, section.textContent])
  `)) as [string, string][];
  const without = sections.filter(([, text]) => !text.includes(HOSTILE)).map(([id]) => id);
  expect(without).toEqual([]);
  expect(sections.map(([id]) => id)).toEqual([
    'changes',
    'findings',
    'tenants',
    'network',
    'exposure',
    'rights',
    'escalation',
    'waivers',
    'objects',
  ]);
  expect(await page.evaluate(`document.querySelectorAll('img, main script, [onerror]').length`)).toBe(0);
  // What the script writes is text as well.
  await page.type('#objects-query', 'pod');
  await page.type('#who-verb', 'get');
  await page.type('#who-resource', 'secrets');
  await page.waitForFunction(`document.querySelector('table.who').tBodies[0].rows.length > 0`);
  expect(await page.evaluate(`document.querySelector('table.who').textContent`)).toContain(HOSTILE);
  expect(await page.evaluate(`document.querySelectorAll('img').length`)).toBe(0);
  await page.close();
});

it('tells of hostile names in Markdown as text, in which nothing is markup, a link or a mention', async () => {
  const output = path.join(folder, 'hostile.md');
  await reportCommand([path.join(folder, 'hostile.yaml')], { output }, CONTEXT);
  const text = fs.readFileSync(output, 'utf8');
  expect(text).toContain('&lt;/script&gt;');
  expect(text.replaceAll(/<(?:\/?details|\/?summary|br)>/g, '')).not.toMatch(/<|@\w|https?:|\]\(/);
});

describe('what changed since a baseline', () => {
  let sections: [id: string, text: string, rows: string[][]][];
  beforeAll(async () => {
    const [dist, output] = [path.join(folder, 'changed'), path.join(folder, 'changed.html')];
    fs.mkdirSync(dist);
    fs.writeFileSync(path.join(dist, 'all.yaml'), toYaml(changedExample()));
    await reportCommand([dist], { output, baseline: path.join(ROOT, 'dist') }, CONTEXT);
    const { page } = await open(output, 'light', 1280);
    sections = (await page.evaluate(`[...document.querySelectorAll('main section')].map((section) => [
      section.querySelector('h2').id,
      section.textContent.replaceAll(/\\s+/g, ' '),
      [...section.querySelectorAll('tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText)),
    ])`)) as typeof sections;
    await page.close();
  }, 30_000);

  it('comes first, with a verdict', () => {
    const [[id, text]] = sections as [(typeof sections)[0]];
    expect(id).toBe('changes');
    expect(text).toContain('More becomes possible: 2 widened, 1 narrowed, 0 neutral.');
  });

  it('is a row for each change, with its area, its effect in words, and what makes it so', () => {
    expect(sections[0]![2]).toEqual([
      [
        'Rights',
        'widened',
        'Group oidc:analytics may now list leases.coordination.k8s.io in analytics-reports\n' +
          'ClusterRole tenant-viewer, bound by RoleBinding analytics-reports/tenant-viewer',
      ],
      ['Guards', 'widened', 'ValidatingAdmissionPolicy bulwark-services was removed'],
      [
        'Guards',
        'narrowed',
        expect.stringMatching(/^ResourceQuota shop-web\/.* limits pods to 1, before to \d+$/),
      ],
    ]);
  });
});

describe('on paper', () => {
  it('is black on white, with everything that is folded or in a box, and without what cannot be used', async () => {
    const { page } = await open(example, 'dark', 718);
    await page.emulateMediaType('print');
    const seen = (await page.evaluate(`(() => {
      const height = (selector) => document.querySelector(selector).getBoundingClientRect().height;
      const objects = document.querySelector('table.objects');
      return {
        ink: [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor],
        folded: document.querySelector('#network ~ details table').checkVisibility(),
        cut: objects.parentElement.scrollHeight - objects.parentElement.clientHeight,
        useless: height('nav') + height('form') + height('.js'),
        wide: document.querySelector('.picture svg').getBoundingClientRect().width <= innerWidth,
      };
    })()`)) as Record<string, unknown>;
    expect(seen).toEqual({
      ink: ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'],
      folded: true,
      cut: 0,
      useless: 0,
      wide: true,
    });
    await page.close();
  });
});

describe('where colours are few', () => {
  it('draws with those of the system', async () => {
    const page = await chromium.browser.newPage();
    const session = await page.createCDPSession();
    await session.send('Emulation.setEmulatedMedia', {
      features: [{ name: 'forced-colors', value: 'active' }],
    });
    await page.goto(`file://${example}`);
    const colours = (await page.evaluate(`(() => {
      const of = (selector, property) => getComputedStyle(document.querySelector('.picture ' + selector))[property];
      return [of('.node text', 'fill'), of('.node path', 'fill'), of('.edge path', 'stroke')];
    })()`)) as string[];
    const [text, box, arrow] = colours;
    expect(text).toBe('rgb(0, 0, 0)');
    expect(box).toBe('rgb(255, 255, 255)');
    expect(arrow).not.toBe(box);
    await page.close();
  });

  it('says in words what colours repeat', () => {
    const text = fs.readFileSync(hostile, 'utf8').replaceAll(/\s+/g, ' ');
    expect(text).toContain('<strong>✕ It does not hold</strong>');
    for (const [, classes, words] of text.matchAll(/<span class="tag (\w+)">\s*(\w+)/g))
      expect(words).toBe(classes);
  });
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
  const page = await chromium.browser.newPage();
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

it('is in Markdown no longer than a comment may be, however much changes', async () => {
  const [from, to, output] = ['from.yaml', 'to.yaml', 'long.md'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  const quotas = (pods: string) =>
    Array.from({ length: 600 }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: `quota-${index}`, namespace: `a-namespace-with-a-long-name-${index}` },
      spec: { hard: { pods } },
    }));
  fs.writeFileSync(from, toYaml(quotas('10')));
  fs.writeFileSync(to, toYaml(quotas('20')));
  await reportCommand([to], { output, baseline: from }, CONTEXT);
  const text = fs.readFileSync(output, 'utf8');
  expect(text).toContain('600 widened');
  expect(text).toContain('| | and 500 more |');
  expect(text.length).toBeLessThan(65_536);
});
