import path from 'node:path';
import { defaultRbac } from '../../src/rbac';
import { identityOf, type Manifest } from '../../src/manifest/manifest';
import { encode, publishedDefaults } from '../../tools/default-rbac';
import { corpusFile } from '../apiserver/harness';

const example = corpusFile('rbac-defaults', 'cluster-roles.yaml');
const withCorpus = example ? describe : describe.skip;

withCorpus('the defaults of Kubernetes that are built in', () => {
  it('are those that Kubernetes publishes', () => {
    const published = publishedDefaults(path.dirname(example!));
    expect(published.length).toBeGreaterThan(140);
    expect(canonicalOf(defaultRbac())).toEqual(canonicalOf(published));
    expect(encode(defaultRbac())).toBe(encode(published));
  });
});

/** What matters of each object, by its identity. */
function canonicalOf(manifests: readonly Manifest[]): Record<string, unknown> {
  return Object.fromEntries(
    manifests.map((manifest) => {
      const { rules, subjects, roleRef, aggregationRule, metadata } = manifest as Record<string, any>;
      const named = (subjects ?? []).map(({ kind, name, namespace }: any) => ({ kind, name, namespace }));
      const { labels = {} } = metadata;
      return [
        identityOf(manifest),
        { rules: rules ?? [], named, labels: roleRef ? {} : labels, roleRef, aggregationRule },
      ];
    }),
  );
}
