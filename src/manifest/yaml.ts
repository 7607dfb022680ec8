import { DEFAULT_SCHEMA, dump, Type, type DumpOptions } from 'js-yaml';
import { plainYaml } from './plain-yaml';
import { remembered } from './remembered';

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

const OPTIONS: DumpOptions = { noRefs: true, lineWidth: -1, schema: SCHEMA };

/** Texts that need no quotes for certain: a letter or a slash, and then what means nothing in YAML. */
const NEEDS_NO_QUOTES = /^[A-Za-z/](?:[-\w./:@]*[-\w./@])?$/;
/** Those of them that some reader takes for a truth value, a number or nothing. */
const MEANS_SOMETHING = /^(?:true|false|yes|no|on|off|y|n|null|e[-+]?[0-9]+)$/i;

/**
 * Writes manifests as a stream of YAML documents: no aliases, no folded lines, and quotes around every string that a YAML 1.1
 * reader such as kubectl's would take for something else (`yes`, `012`, `1e3`). The same input gives the same bytes.
 */
export function toYaml(manifests: readonly object[]): string {
  return manifests
    .map((manifest) => plainYaml(manifest, writeText) ?? yamlOfAnything(manifest))
    .join('---\n');
}

/** What {@link toYaml} writes of one manifest, all of it by js-yaml. */
export function yamlOfAnything(manifest: object | string): string {
  return dump(manifest, OPTIONS);
}

const writeDoubtfulText = remembered((text) => yamlOfAnything(text).slice(0, -1));

function writeText(text: string): string {
  const needsNoQuotes = NEEDS_NO_QUOTES.test(text) && !MEANS_SOMETHING.test(text);
  return needsNoQuotes ? text : writeDoubtfulText(text);
}
