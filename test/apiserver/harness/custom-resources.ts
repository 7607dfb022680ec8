import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Blueprint } from '../../../constructs';
import { type Manifest, toYaml } from '../../../src';
import { type ApiServer } from './api-server';
import { describeWithApiServer } from './describe';
import { BUILT_IN_TYPES } from './kubectl';

/** A cluster of ours, and the API server that it is applied to. */
export interface AppliedCluster {
  readonly server: () => ApiServer;
  /** What the cluster is made of; in tests and hooks only. */
  readonly manifests: () => readonly Manifest[];
  /** Applies all of it with strict validation, and says what `kubectl` says of each object. */
  readonly apply: () => string[];
}

/** What {@link describeWithCustomResources} sets up. */
export interface CustomResources {
  /** The CustomResourceDefinitions: files of the corpora, which may be missing, and others as they are. */
  readonly definitions: readonly (string | Manifest | undefined)[];
  /** Makes the cluster, with what it reads and writes below a folder that is removed in the end. */
  readonly cluster: (folder: string) => Blueprint;
}

/** A `describe` with an API server of its own that has custom resources. It is skipped where the corpora are missing. */
export function describeWithCustomResources(
  title: string,
  { definitions, cluster }: CustomResources,
  body: (applied: AppliedCluster) => void,
): void {
  if (definitions.includes(undefined)) {
    describe.skip(`${title} (skipped: BULWARK_CORPORA is unset)`, () => {
      it('needs the definitions', () => undefined);
    });
    return;
  }
  describeWithApiServer(title, (server) => {
    let folder: string;
    let manifests: readonly Manifest[];
    const apply = () =>
      server()
        .kubectl(['apply', '-f', join(folder, 'dist'), '--validate=strict', BUILT_IN_TYPES])
        .stdout.trimEnd()
        .split('\n');

    beforeAll(() => {
      for (const definition of definitions) install(server(), definition!);
      server().kubectl(['wait', '--for=condition=Established', 'customresourcedefinition', '--all']);
      folder = mkdtempSync(join(tmpdir(), 'bulwark-custom-'));
      ({ manifests } = cluster(folder).synth());
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    body({ server, manifests: () => manifests, apply });
  });
}

function install(server: ApiServer, definition: string | Manifest): void {
  const [file, input] = typeof definition === 'string' ? [definition, ''] : ['-', toYaml([definition])];
  server.kubectl(['apply', '--server-side', '-f', file], { input });
}
