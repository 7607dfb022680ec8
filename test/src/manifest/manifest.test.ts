import fc from 'fast-check';
import {
  compareText,
  describeObject,
  groupOf,
  identityOf,
  withoutNulls,
  type Manifest,
} from '../../../src/manifest/manifest';
import { anyJson } from '../../support/pod-arbitrary';

describe('withoutNulls', () => {
  it('leaves out what is null, but keeps the places of a list', () => {
    expect(withoutNulls({ a: null, b: { c: null, d: 0 }, e: [null, { f: null }], g: '', h: false })).toEqual({
      b: { d: 0 },
      e: [null, {}],
      g: '',
      h: false,
    });
  });

  it('copies any JSON without nulls as it is, keys with a meaning in JavaScript included', () => {
    const hasNull = (text: string) => text.includes('null');
    fc.assert(
      fc.property(anyJson(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!hasNull(text));
        expect(JSON.stringify(withoutNulls(value))).toBe(text);
      }),
    );
  });

  it('makes two parts of one that YAML anchors share, so that a change of one is not a change of both', () => {
    const shared = { runAsUser: 1 };
    const { a, b } = withoutNulls({ a: shared, b: shared });
    expect(a).not.toBe(b);
    expect(a).not.toBe(shared);
  });

  it('keeps a date that YAML made', () => {
    const date = new Date(0);
    expect(withoutNulls({ date })).toEqual({ date });
  });
});

describe('the names of objects', () => {
  const manifest = (metadata?: object) =>
    ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata }) as Manifest;

  it.each([
    [{ name: 'web', namespace: 'shop' }, 'Deployment shop/web'],
    [{ name: 'web' }, 'Deployment web'],
    [undefined, 'Deployment (no name)'],
  ])('names %j as messages do', (metadata, text) => {
    expect(describeObject(manifest(metadata))).toBe(text);
  });

  it('tells objects of one name in two groups or namespaces apart, and versions of one object not', () => {
    const of = (apiVersion: string, namespace: string) =>
      identityOf({ ...manifest({ name: 'web', namespace }), apiVersion });
    expect(of('apps/v1', 'a')).not.toBe(of('apps/v1', 'b'));
    expect(of('apps/v1', 'a')).not.toBe(of('example.com/v1', 'a'));
    expect(of('apps/v1', 'a')).toBe(of('apps/v1beta1', 'a'));
  });

  it('reads the group of an apiVersion', () => {
    expect([groupOf({ apiVersion: 'v1' }), groupOf({ apiVersion: 'apps/v1' })]).toEqual(['', 'apps']);
  });

  it('orders text by code units, as a total order', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        expect([...texts].sort(compareText)).toEqual([...texts].sort());
      }),
    );
  });
});
