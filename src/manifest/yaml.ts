import { DEFAULT_SCHEMA, dump, Type } from 'js-yaml';

/**
 * Texts that some reader takes for a number although js-yaml does not: `1_000` and `+.5`, as kubectl's does, and `.` or `e5`, as
 * some of YAML 1.1 do.
 */
const NUMBER_LIKE = /^(?=.*[.0-9])[-+]?[0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?$|^[-+]?0[box][0-9a-fA-F_]+$/;

/** js-yaml quotes a string that any implicit type of its schema would resolve. */
const SCHEMA = DEFAULT_SCHEMA.extend({
  implicit: [
    new Type('tag:cdk8s-bulwark,2026:number-like', {
      kind: 'scalar',
      resolve: (text: unknown) => typeof text === 'string' && NUMBER_LIKE.test(text),
    }),
  ],
});

/**
 * Writes manifests as a stream of YAML documents: no aliases, no folded lines, and quotes around every string that a YAML 1.1
 * reader such as kubectl's would take for something else (`yes`, `012`, `1e3`). The same input gives the same bytes.
 */
export function toYaml(manifests: readonly object[]): string {
  return manifests
    .map((manifest) => dump(manifest, { noRefs: true, lineWidth: -1, schema: SCHEMA }))
    .join('---\n');
}
