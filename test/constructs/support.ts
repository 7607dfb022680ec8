import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Blueprint, ClusterTarget, Tenant, type TenantNamespace } from '../../constructs';
import type { Manifest } from '../../src/manifest/manifest';

/** What the target of these tests can do. */
export const CAPABILITIES = { apiServer: { cidrs: ['192.0.2.10/32'] }, sealedSecrets: true };

/** A blueprint that writes nowhere of importance, with a namespace to put things into. */
export function blueprint(version = '1.33', capabilities: object = CAPABILITIES) {
  const outdir = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-')), 'dist');
  const cluster = new Blueprint({ target: ClusterTarget.kubernetes(version, capabilities), outdir });
  const web: TenantNamespace = new Tenant(cluster, 'shop').namespace('web');
  return { cluster, web };
}

/** The synthesized object of that kind and name. */
export function objectOf(cluster: Blueprint, kind: string, name: string, namespace?: string): Manifest {
  const found = cluster
    .synth()
    .manifests.find(
      (manifest) =>
        manifest.kind === kind &&
        manifest.metadata?.name === name &&
        (namespace ?? manifest.metadata.namespace) === manifest.metadata.namespace,
    );
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

/** The spec of an object, to look into. */
export function specOf(manifest: Manifest): any {
  return manifest.spec;
}
