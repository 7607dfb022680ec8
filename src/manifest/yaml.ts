import { dump } from 'js-yaml';

/**
 * Writes manifests as a stream of YAML documents: no aliases, no folded lines, and quotes around every string that a YAML 1.1
 * reader such as kubectl's would take for something else (`yes`, `012`, `1e3`). The same input gives the same bytes.
 */
export function toYaml(manifests: readonly object[]): string {
  return manifests.map((manifest) => dump(manifest, { noRefs: true, lineWidth: -1 })).join('---\n');
}
