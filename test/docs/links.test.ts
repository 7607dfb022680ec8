import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { allPages } from '../support/pages';

const ROOT = path.join(__dirname, '../..');
const PAGES = allPages();
const TEXTS = new Map(PAGES.map(({ name, text }) => [name, withoutCode(text)]));
const ANCHORS = new Map([...TEXTS].map(([name, text]) => [name, anchorsOf(text)]));

function withoutCode(text: string): string {
  return text
    .replaceAll(/^( *)```[^]*?^\1```$/gm, '')
    .replaceAll(/^ {4,}\S.*$/gm, '')
    .replaceAll(/`[^`\n]+`/g, (code) => code.replaceAll(/[[\]()]/g, ''));
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#{1,6} (.*)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');
    const base = plain
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = base;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${base}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function targetsOf(text: string): string[] {
  const inline = [...text.matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)];
  const references = [...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  return [...inline, ...references].map(([, target]) => target!);
}

/** What is wrong with a link, if anything. */
function fault(page: string, target: string): string | undefined {
  if (/^(https?|mailto):/.test(target)) return undefined;
  const [file = '', anchor] = target.split('#');
  const to = file === '' ? page : path.posix.normalize(path.posix.join(path.posix.dirname(page), file));
  const place = path.join(ROOT, to);
  if (to.startsWith('..') || !existsSync(place)) return `${page}: ${target}: there is no ${to}`;
  if (anchor === undefined) return undefined;
  if (statSync(place).isDirectory() || !to.endsWith('.md')) return undefined;
  return ANCHORS.get(to)?.has(anchor) ? undefined : `${page}: ${target}: ${to} has no heading for #${anchor}`;
}

it('no link of the documentation is dead', () => {
  const faults = [...TEXTS].flatMap(([page, text]) =>
    targetsOf(text).flatMap((target) => fault(page, target) ?? []),
  );
  expect(faults).toEqual([]);
  expect([...TEXTS.values()].flatMap(targetsOf).length).toBeGreaterThan(100);
});

it.each([
  ['[x](no-such-page.md)', 'there is no docs/no-such-page.md'],
  ['[x](network.md#no-such-heading)', 'has no heading for #no-such-heading'],
  ['[x](../../outside.md)', 'there is no ../outside.md'],
])('finds %s', (text, said) => {
  expect(targetsOf(text).map((target) => fault('docs/rbac.md', target))).toEqual([
    expect.stringContaining(said),
  ]);
});
