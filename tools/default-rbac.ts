/**
 * Writes src/rbac/default-rbac-data.ts from the default roles that Kubernetes publishes:
 * `npx ts-node tools/default-rbac.ts FOLDER VERSION`, where FOLDER holds plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata
 * of that version.
 */
import fs from 'node:fs';
import path from 'node:path';
import { isObject, type Manifest } from '../src/manifest/manifest';
import { readManifests } from '../src/manifest/reader';

const FILES = [
  ...['cluster-roles', 'cluster-role-bindings', 'controller-roles', 'controller-role-bindings'],
  ...['namespace-roles', 'namespace-role-bindings'],
];

/** The objects of a folder of default roles, without those that only a feature which is off by default has. */
export function publishedDefaults(folder: string): Manifest[] {
  return FILES.flatMap((name) => {
    const file = path.join(folder, `${name}.yaml`);
    return readManifests(fs.readFileSync(file, 'utf8'), file).manifests.map(({ manifest }) => manifest);
  });
}

/** The lines that src/rbac/default-rbac.ts reads. */
export function encode(manifests: readonly Manifest[]): string {
  return manifests
    .flatMap((manifest) => ('roleRef' in manifest ? [bindingLine(manifest)] : roleLines(manifest)))
    .join('\n');
}

function placeOf({ metadata }: Manifest): string {
  return metadata?.namespace ? `${metadata.namespace}/${metadata.name}` : metadata!.name!;
}

function bindingLine(manifest: Manifest): string {
  const { kind, name } = manifest.roleRef as { kind: string; name: string };
  const subjects = (manifest.subjects ?? []) as { kind: string; name: string; namespace?: string }[];
  const written = subjects.map((one) => `${one.kind}=${one.namespace ? `${one.namespace}/` : ''}${one.name}`);
  return [manifest.kind, placeOf(manifest), `${kind}=${name}`, ...written].join(' ');
}

function roleLines(manifest: Manifest): string[] {
  const labels = Object.entries(manifest.metadata?.labels ?? {}).map((label) => `+${label.join('=')}`);
  const selectors = isObject(manifest.aggregationRule) ? manifest.aggregationRule.clusterRoleSelectors : [];
  const collects = (selectors as { matchLabels: Record<string, string> }[]).flatMap(({ matchLabels }) =>
    Object.entries(matchLabels).map((label) => `<${label.join('=')}`),
  );
  const rules = (manifest.rules ?? []) as Record<string, string[] | undefined>[];
  return [[manifest.kind, placeOf(manifest), ...labels, ...collects].join(' '), ...rules.map(ruleLine)];
}

function ruleLine({
  verbs,
  apiGroups,
  resources,
  resourceNames,
  nonResourceURLs,
}: Record<string, string[] | undefined>): string {
  const list = (values: string[] = []) => values.map((value) => value || 'core').join(',');
  if (nonResourceURLs) return ` ${list(verbs)} ${list(nonResourceURLs)}`;
  const named = resourceNames ? [list(resourceNames)] : [];
  return ` ${[list(verbs), list(apiGroups), list(resources), ...named].join(' ')}`;
}

function moduleText(version: string, lines: string): string {
  return `// Made by tools/default-rbac.ts from the test data of Kubernetes ${version}, plugin/pkg/auth/authorizer/rbac/bootstrappolicy.
// Copyright The Kubernetes Authors. Licensed under the Apache License, Version 2.0.

/** Version of Kubernetes whose defaults these are. */
export const DEFAULT_RBAC_VERSION = '${version}';

/** Roles and bindings, a line each, below a role its rules. */
export const DEFAULT_RBAC_LINES = \`${lines}\`;
`;
}

if (require.main === module) {
  const [folder, version] = process.argv.slice(2);
  const text = moduleText(version!, encode(publishedDefaults(folder!)));
  fs.writeFileSync(path.join(__dirname, '..', 'src', 'rbac', 'default-rbac-data.ts'), text);
}
