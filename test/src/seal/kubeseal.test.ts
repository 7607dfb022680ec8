import { load } from 'js-yaml';
import { readSealedFile } from '../../../src/seal/sealed-file';
import { openAll, toSecret } from '../../../src/seal/unseal';
import { verifySealed } from '../../../src/seal/verify';
import { CERTIFICATE, fixture, KEYS, messageOf, NEXT_CERTIFICATE, NEXT_KEYS } from './support';

const FILES = ['strict.yaml', 'strict.json', 'namespace-wide.yaml', 'cluster-wide.yaml'];
const read = (name: string, change = (text: string) => text) =>
  readSealedFile(change(fixture(`kubeseal/${name}`)), name);

describe('what the real kubeseal made', () => {
  it.each(FILES)('opens, with every value as it was: %s', (name) => {
    const values = openAll(read(name).sealed, KEYS, name);
    expect([...values.keys()].sort()).toEqual(['binary', 'empty', 'password', 'text']);
    expect(values.get('password')!.toString()).toBe('bulwark-fixture-password');
    expect(values.get('text')!.toString()).toBe('über ✓');
    expect([...values.get('binary')!]).toEqual(Array.from({ length: 256 }, (_, byte) => byte));
    expect(values.get('empty')).toHaveLength(0);
  });

  it('becomes the Secret that it was made of', () => {
    const { sealed } = read('namespace-wide.yaml');
    expect(toSecret(sealed, openAll(sealed, KEYS, 'x'))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'fixture', namespace: 'shop-web', labels: { app: 'shop' } },
      type: 'Opaque',
      data: expect.objectContaining({ password: 'YnVsd2Fyay1maXh0dXJlLXBhc3N3b3Jk', empty: '' }),
    });
  });

  it.each(FILES)('is verified without a problem: %s', (name) => {
    const { values, problems } = verifySealed(read(name), {
      keys: [...NEXT_KEYS, ...KEYS],
      certificate: CERTIFICATE,
    });
    expect(problems).toEqual([]);
    expect(values).toContainEqual({
      key: 'password',
      bits: 4096,
      bytes: 24,
      opensWith: CERTIFICATE.fingerprint,
    });
  });

  it.each([
    ['strict.yaml', 'name', (text: string) => text.replaceAll('name: fixture', 'name: other')],
    [
      'strict.yaml',
      'namespace',
      (text: string) => text.replaceAll('namespace: shop-web', 'namespace: other'),
    ],
    ['strict.yaml', 'scope', withScope('cluster-wide')],
    ['namespace-wide.yaml', 'namespace', (text: string) => text.replaceAll('shop-web', 'other')],
    [
      'namespace-wide.yaml',
      'scope',
      (text: string) => text.replaceAll('namespace-wide: "true"', 'x: "true"'),
    ],
    ['cluster-wide.yaml', 'scope', (text: string) => text.replaceAll('cluster-wide: "true"', 'x: "true"')],
  ])('is refused once %s has another %s', (name, _field, change) => {
    const file = read(name, change);
    expect(messageOf(() => openAll(file.sealed, KEYS, name))).toMatch(
      /none of 1 private keys .* opens binary, empty, password, text as (strict|namespace-wide|cluster-wide) for /,
    );
    expect(
      verifySealed(file, { keys: KEYS }).problems.filter((one) => /opens with none/.test(one)),
    ).toHaveLength(4);
  });

  it('may be sealed under another name where its scope allows it', () => {
    const renamed = read('namespace-wide.yaml', (text) => text.replaceAll('name: fixture', 'name: other'));
    expect(openAll(renamed.sealed, KEYS, 'x').size).toBe(4);
    const moved = read('cluster-wide.yaml', (text) => text.replaceAll('shop-web', 'other'));
    expect(openAll(moved.sealed, KEYS, 'x').size).toBe(4);
  });
});

describe('verifying', () => {
  it('tells a value that is for another certificate', () => {
    const { problems } = verifySealed(read('strict.yaml'), { certificate: NEXT_CERTIFICATE });
    expect(problems[0]).toMatch(/binary is sealed with a key of 4096 bits, and the certificate .* has 2048/);
    expect(problems).toHaveLength(4);
  });

  it.each([
    [/(template:\n[^]*?)name: fixture/, '$1name: other', 'spec.template.metadata has another name'],
    [
      /(template:\n[^]*?)namespace: shop-web/,
      '$1namespace: x',
      'spec.template.metadata has another namespace',
    ],
    [
      /(template:\n\s+metadata:\n\s+annotations:\n\s+\S+)namespace-wide/,
      '$1cluster-wide',
      'the annotation of the scope cluster-wide',
    ],
  ])('tells a template that contradicts the metadata: %s', (pattern, replacement, problem) => {
    const file = read('namespace-wide.yaml', (text) => text.replace(pattern, replacement));
    expect(verifySealed(file, {}).problems.join()).toContain(problem);
  });
});

function withScope(scope: string) {
  return (text: string) => {
    const document = load(text) as { metadata: object };
    const annotations = { [`sealedsecrets.bitnami.com/${scope}`]: 'true' };
    return JSON.stringify({ ...document, metadata: { ...document.metadata, annotations } });
  };
}
