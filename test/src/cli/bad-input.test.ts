import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkCommand } from '../../../src/cli/check';

const CONTEXT = { version: '1.2.3', colour: false, now: new Date('2026-06-15T12:00:00Z') };

/** What must be reported whatever lies beside it. */
const BESIDE = 'apiVersion: v1\nkind: Pod\nmetadata: {name: beside}\nspec:\n  hostPID: true\n';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-bad-'));
  fs.writeFileSync(path.join(folder, 'bulwark.yaml'), '{}');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** Checks a folder with one file of that content, between two that are in order. */
function checkBeside(name: string, content: string | Buffer) {
  const manifests = path.join(folder, 'manifests');
  fs.mkdirSync(manifests);
  fs.writeFileSync(path.join(manifests, 'a.yaml'), BESIDE);
  fs.writeFileSync(path.join(manifests, name), content);
  fs.writeFileSync(path.join(manifests, 'z.yaml'), BESIDE.replace('beside', 'behind'));
  const config = path.join(folder, 'bulwark.yaml');
  const { output, errors, exitCode } = checkCommand([manifests], { format: 'json', config }, CONTEXT);
  const { findings } = JSON.parse(output) as {
    findings: { control: string; object: { name: string }; source: { line: number } }[];
  };
  const open = findings.filter(({ control }) => control === 'no-host-pid');
  return {
    exitCode,
    errors: errors.map((error) => error.replace(`${manifests}${path.sep}`, '')),
    found: open.map(({ object, source }) => `${object.name}:${source.line}`),
  };
}

const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\n';
const DEEP = 100_000;

/** Levels of ten aliases each: ten to the power of the levels, once it is written out. */
function laughs(levels: number): string {
  const list = (index: number) => Array(10).fill(index === 0 ? 'ha' : `*a${index - 1}`);
  const lines = Array.from(
    { length: levels },
    (_, index) => `  a${index}: &a${index} [${list(index).join(', ')}]`,
  );
  return `${HEAD}spec:\n${lines.join('\n')}\n`;
}

/** Merge keys that repeat each other. */
function merges(levels: number): string {
  const lines = Array.from({ length: levels }, (_, index) =>
    index === 0
      ? '  a0: &a0 {x: 1}'
      : `  a${index}: &a${index} {l: *a${index - 1}, <<: [*a${index - 1}, *a${index - 1}]}`,
  );
  return `${HEAD}spec:\n${lines.join('\n')}\n`;
}

const BROKEN: readonly (readonly [what: string, name: string, content: string | Buffer, place: RegExp])[] = [
  ['a bracket that is not closed', 'm.yaml', `${HEAD}spec: [a\n`, /^m\.yaml:\d+:\d+: is not YAML/],
  ['a quote that is not closed', 'm.yaml', `${HEAD}spec: "a\n`, /^m\.yaml:\d+:\d+: is not YAML/],
  ['a brace too many', 'm.json', '{"apiVersion": "v1",\n "kind": "Pod"}}\n', /^m\.json:2:\d+: is not YAML/],
  ['JSON that was cut off', 'm.json', '{"apiVersion": "v1",\n "kind": "Po\n', /^m\.json:3:1: is not YAML/],
  ['a tab', 'm.yaml', `${HEAD}spec:\n\thostPID: true\n`, /^m\.yaml:5:\d+: is not YAML/],
  [
    'a tab behind spaces',
    'm.yaml',
    `${HEAD}spec:\n  a: 1\n \thostPID: true\n`,
    /^m\.yaml:6:\d+: is not YAML/,
  ],
  ['a key that comes twice', 'm.yaml', `${HEAD}spec:\n  a: 1\n  a: 2\n`, /^m\.yaml:6:\d+: is not YAML/],
  [
    'a key that comes twice in JSON',
    'm.json',
    '{"kind": "Pod",\n"kind": "Pod"}',
    /^m\.json:2:\d+: is not YAML/,
  ],
  ['an alias of nothing', 'm.yaml', `${HEAD}spec: *a\n`, /^m\.yaml:4:\d+: is not YAML/],
  ['a mapping that holds itself', 'm.yaml', `${HEAD}spec: &a\n  a: *a\n`, /^m\.yaml:1: its aliases/],
  ['a list that holds itself', 'm.yaml', `${HEAD}spec: &a [1, *a]\n`, /^m\.yaml:1: its aliases/],
  ['a billion laughs', 'm.yaml', laughs(9), /^m\.yaml:1: its aliases/],
  ['laughs without number', 'm.yaml', laughs(60), /^m\.yaml:1: its aliases/],
  ['a NUL byte', 'm.yaml', `${HEAD}spec: {a: "\0"}\n`, /^m\.yaml:4: holds a NUL byte/],
  ['Latin-1', 'm.yaml', Buffer.from(`${HEAD}# caf\u00e9\n`, 'latin1'), /^m\.yaml:4: is not UTF-8/],
  [
    'a character that was cut off',
    'm.yaml',
    Buffer.from(`${HEAD}# \u00e9`).subarray(0, -1),
    /^m\.yaml:4: is not UTF-8/,
  ],
  ['UTF-16', 'm.yaml', Buffer.from(`\uFEFF${HEAD}`, 'utf16le'), /^m\.yaml:1: is not UTF-8/],
  [
    'a picture',
    'm.yaml',
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]),
    /^m\.yaml:1: is not UTF-8/,
  ],
  ['brackets without end', 'm.json', '['.repeat(DEEP), /^m\.json:1:\d+: is nested more than 100 levels deep/],
  [
    'lists in lists',
    'm.json',
    `{"apiVersion":"v1","kind":"Pod","spec":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
    /^m\.json:1:\d+: is nested more than 100 levels deep/,
  ],
  [
    'objects in objects',
    'm.json',
    `{"apiVersion":"v1","kind":"Pod","spec":${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}}`,
    /^m\.json:1:\d+: is nested more than 100 levels deep/,
  ],
  [
    'Lists in Lists',
    'm.json',
    `${'{"apiVersion":"v1","kind":"List","items":['.repeat(DEEP)}${']}'.repeat(DEEP)}`,
    /^m\.json:1:\d+: is nested more than 100 levels deep/,
  ],
  [
    'dashes without end',
    'm.yaml',
    `${HEAD}spec:\n  ${'- '.repeat(DEEP)}1\n`,
    /^m\.yaml:5:\d+: is nested more than 100 levels deep/,
  ],
  ['keys of keys', 'm.yaml', '? '.repeat(DEEP), /^m\.yaml:1:\d+: is nested more than 100 levels deep/],
  ['no object', 'm.yaml', 'name: values\n', /^m\.yaml:1: is no Kubernetes object/],
  [
    'a List of a number',
    'm.yaml',
    'apiVersion: v1\nkind: List\nitems: [1]\n',
    /^m\.yaml:1: is no Kubernetes object/,
  ],
];

describe('bulwark check of a file that it cannot read', () => {
  it.each(BROKEN)('says where there is %s, and reports the other files', (_what, name, content, place) => {
    const { exitCode, errors, found } = checkBeside(name, content);
    expect(errors).toEqual([expect.stringMatching(place)]);
    expect(exitCode).toBe(2);
    expect(found).toEqual(['beside:5', 'behind:5']);
  });

  it('refuses a file of 100 MB without reading it', () => {
    const manifests = path.join(folder, 'manifests');
    fs.mkdirSync(manifests);
    fs.writeFileSync(path.join(manifests, 'a.yaml'), BESIDE);
    const large = path.join(manifests, 'large.yaml');
    fs.writeFileSync(large, '');
    fs.truncateSync(large, 100 * 1024 * 1024);
    const config = path.join(folder, 'bulwark.yaml');
    const before = process.memoryUsage().rss;
    const { output, errors, exitCode } = checkCommand([manifests], { format: 'json', config }, CONTEXT);
    expect(exitCode).toBe(2);
    expect(errors).toEqual([
      expect.stringMatching(/large\.yaml: has 100 MB, and a file of manifests may have 64/),
    ]);
    expect(output).toContain('no-host-pid');
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
  });
});

describe('bulwark check of a file that looks broken', () => {
  const sound = `${HEAD}spec:\n  hostPID: true\n`;
  const bad = (line: number) => ['beside:5', `bad:${line}`, 'behind:5'];
  const beside = ['beside:5', 'behind:5'];

  it.each<[what: string, content: string | Buffer, found: readonly string[]]>([
    ['a byte order mark', `\uFEFF${sound}`, bad(5)],
    ['lines that end as on Windows', sound.replaceAll('\n', '\r\n'), bad(5)],
    ['documents without content', `---\n---\n\n--- # nothing\n---\n${sound}---\n...\n`, bad(10)],
    ['no line feed at the end', sound.trimEnd(), bad(5)],
    ['nothing', '', beside],
    ['comments only', '# nothing\n', beside],
    ['a kind that nobody knows', 'apiVersion: example.com/v1\nkind: Gizmo\nspec: {hostPID: true}\n', beside],
    ['a kind of the name of a known one', sound.replace('v1', 'example.com/v1'), beside],
    [
      'names of members of every object',
      `${sound}  __proto__: {a: 1}\n  constructor: 1\n  toString: x\n`,
      bad(5),
    ],
    ['null in every place', 'apiVersion: v1\nkind: Pod\nmetadata:\nspec:\n', beside],
    ['metadata of the wrong type', 'apiVersion: v1\nkind: Pod\nmetadata: [1]\nspec: 7\n', beside],
    ['characters of all planes', `${sound}  a: "\u00e9\u4e16\u{1F600}"\n`, bad(5)],
    ['aliases that are used well', `${sound}  a: &a {b: 1}\n  c: *a\n  d: *a\n`, bad(5)],
    ['a List', `apiVersion: v1\nkind: List\nitems:\n- ${sound.trimEnd().replaceAll('\n', '\n  ')}\n`, bad(8)],
    ['merges of merges', merges(60), beside],
    ['an empty List', 'apiVersion: v1\nkind: List\nitems: []\n', beside],
  ])('reads through %s', (_what, content, expected) => {
    const { errors, found, exitCode } = checkBeside('m.yaml', content);
    expect(errors).toEqual([]);
    expect(found).toEqual(expected);
    expect(exitCode).toBe(1);
  });
});

it('reads standard input by the same rules', () => {
  const config = path.join(folder, 'bulwark.yaml');
  const read = fs.readFileSync;
  const spy = jest
    .spyOn(fs, 'readFileSync')
    .mockImplementation(((file: number, options: 'utf8') =>
      file === 0 ? Buffer.from(`${BESIDE}# caf\u00e9\n`, 'latin1') : read(file, options)) as typeof read);
  try {
    const { errors, exitCode } = checkCommand(['-'], { format: 'json', config }, CONTEXT);
    expect(errors).toEqual(['standard input:6: is not UTF-8. Save the file as UTF-8.']);
    expect(exitCode).toBe(2);
  } finally {
    spy.mockRestore();
  }
});
