import { Blueprint, ClusterTarget, HardenedDeployment, Tenant } from '../../../constructs';
import { guardrailManifests } from '../../../src/admission/guardrails';
import type { Manifest } from '../../../src/manifest/manifest';

/** Two tenants with two workloads each, people, and guard rails in force. */
export function guardedCluster(outdir: string): Manifest[] {
  const target = ClusterTarget.kubernetes('1.33');
  const cluster = new Blueprint({ target, outdir });
  for (const name of ['shop', 'analytics']) {
    const tenant = new Tenant(cluster, name, { owner: name, groups: { developers: [`${name}-dev`] } });
    const [web, db] = ['web', 'db'].map(
      (id) =>
        new HardenedDeployment(tenant.namespace('main'), id, {
          containers: [{ image: `registry.example/${name}/${id}:1.4.2`, port: 8080 }],
          writablePaths: ['/tmp'],
        }),
    );
    web!.allowTo(db!);
  }
  return [
    ...guardrailManifests({ target, platformGroups: ['platform-engineers'] }),
    ...cluster.synth().manifests,
  ];
}

/** A deep copy in which the object of that kind and name is changed, that of the shop where it is in a namespace. */
export function changed(
  manifests: readonly Manifest[],
  kind: string,
  name: string,
  change: (manifest: any) => void,
): Manifest[] {
  const copy = JSON.parse(JSON.stringify(manifests)) as Manifest[];
  const isMeant = ({ metadata = {}, ...one }: Manifest) =>
    one.kind === kind && metadata.name === name && (metadata.namespace ?? 'shop-main') === 'shop-main';
  const found = copy.find(isMeant);
  if (!found) throw new Error(`There is no ${kind} ${name}.`);
  change(found);
  return copy;
}
