import { readManifests } from '../../../src/manifest/reader';

const CANARY = 'hunter2-canary';
const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
const names = (text: string) =>
  readManifests(text, 'a.yaml').manifests.map(({ manifest, line }) => [manifest.metadata?.name, line]);
const messages = (text: string) => readManifests(text, 'a.yaml').errors.map(({ message }) => message);

describe('readManifests', () => {
  it('reads every document of a file and tells its line', () => {
    expect(
      names(`${configMap('a')}---\n${configMap('b')}---\n# only a comment\n---\n${configMap('c')}`),
    ).toEqual([
      ['a', 1],
      ['b', 5],
      ['c', 12],
    ]);
  });

  it.each([
    ['JSON', '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}'],
    ['text with a byte order mark', `\uFEFF${configMap('a')}`],
    ['lines that end as on Windows', configMap('a').replaceAll('\n', '\r\n')],
    ['text that begins with a document', `---\n${configMap('a')}`],
    ['text with a directive', `%YAML 1.2\n---\n${configMap('a')}`],
  ])('reads %s', (_name, text) => {
    expect(messages(text)).toEqual([]);
    expect(names(text).map(([name]) => name)).toEqual(['a']);
  });

  it('reads each item of a list as an object of its own, lists in lists too', () => {
    const item = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    const list = (...items: object[]) => ({ apiVersion: 'v1', kind: 'List', items });
    const { manifests } = readManifests(JSON.stringify(list(item('a'), list(item('b')))), 'a.yaml');
    expect(manifests.map(({ manifest, within }) => [manifest.metadata?.name, within])).toEqual([
      ['a', ['items', 0]],
      ['b', ['items', 1, 'items', 0]],
    ]);
  });

  it('reads a list of 200,000 objects, and an object with a list of 200,000 values', () => {
    const items = Array.from({ length: 200_000 }, () => ({ apiVersion: 'v1', kind: 'ConfigMap' }));
    const text = `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items })}`;
    expect(readManifests(text, 'a.yaml').manifests).toHaveLength(200_000);
    const values = { apiVersion: 'v1', kind: 'ConfigMap', data: items.map(() => 1) };
    expect(readManifests(JSON.stringify(values), 'a.yaml').manifests).toHaveLength(1);
  });

  it.each(['', '\n', '---\n---\n', '# nothing\n', 'null', '~'])('finds nothing to read in %j', (text) => {
    expect(readManifests(text, 'a.yaml')).toEqual({ manifests: [], errors: [] });
  });

  it('reads the good documents of a file and reports each bad one at its place', () => {
    const text = `${configMap('a')}---\nkind: [\n---\n${configMap('b')}---\nhello\n`;
    expect(names(text)).toEqual([
      ['a', 1],
      ['b', 7],
    ]);
    expect(messages(text)).toEqual([
      expect.stringMatching(/^a\.yaml:\d+:\d+: is not YAML: .*\. Correct the text there\.$/),
      'a.yaml:12: is no Kubernetes object: apiVersion or kind is missing. Add both, or leave the file out.',
    ]);
  });

  it.each([
    'hello',
    '[]',
    '1',
    'kind: Pod',
    'apiVersion: v1',
    'apiVersion: 1\nkind: Pod',
    '{kind: List, apiVersion: v1, items: [1]}',
  ])('says that %j is no object of Kubernetes', (text) => {
    expect(messages(text)).toEqual([expect.stringContaining('is no Kubernetes object')]);
  });

  it.each([
    [
      'aliases that multiply',
      `a: &a [1,1,1,1,1,1,1,1,1]\n${'bcdefghi'
        .split('')
        .map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
        .join('\n')}\n`,
    ],
    ['an alias of itself', 'a: &a\n  b: *a\n'],
  ])('refuses %s instead of filling the memory', (_name, text) => {
    expect(messages(text)).toEqual([expect.stringContaining('its aliases repeat each other')]);
  });

  it('refuses what is no text, and nesting without end', () => {
    expect(messages('a: \0')).toEqual([expect.stringContaining('holds a NUL byte')]);
    expect(messages('['.repeat(100_000))).toHaveLength(1);
  });

  it.each([
    `password: *${CANARY}`,
    `password: !${CANARY} x`,
    `password: !${CANARY}!a x`,
    `password: !<${CANARY}`,
    `password: "\\q${CANARY}"`,
    `password: @${CANARY}`,
    `password: "${CANARY}`,
    `${CANARY}: [a: }`,
    `password: ${CANARY}: x: y`,
    `password: !%${CANARY} x`,
    `password: ${CANARY}\npassword: ${CANARY}`,
    `%TAG ${CANARY}\n---\na`,
  ])('repeats nothing of a text that it cannot read, since it may be a secret: %j', (text) => {
    const all = messages(text);
    expect(all).not.toEqual([]);
    expect(all.join()).not.toContain(CANARY);
  });
});
