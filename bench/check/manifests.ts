import { Blueprint, ClusterTarget, HardenedDeployment, Tenant } from '../../constructs';

/** Number of services in one namespace, and so in one file. */
const PER_NAMESPACE = 25;

/**
 * Writes hardened services, each a Deployment with its ServiceAccount, Service and NetworkPolicy, into files of one namespace
 * each.
 * @returns The number of objects.
 */
export function writeManifests(outdir: string, services: number): number {
  const cluster = new Blueprint({ outdir, target: ClusterTarget.kubernetes('1.33') });
  const namespaces = Math.ceil(services / PER_NAMESPACE);
  // Enough that every namespace gets a part of it.
  const quota = {
    services,
    pods: 2 * services,
    persistentVolumeClaims: namespaces,
    replicationControllers: namespaces,
  };
  const tenant = new Tenant(cluster, 'shop', { quota });
  for (let from = 0; from < services; from += PER_NAMESPACE) {
    const namespace = tenant.namespace(`part-${String(from / PER_NAMESPACE).padStart(4, '0')}`);
    const names = Array.from({ length: Math.min(PER_NAMESPACE, services - from) }, (_, at) => from + at);
    const deployments = names.map((number) => {
      const deployment = new HardenedDeployment(namespace, `service-${number}`, {
        replicas: 2,
        writablePaths: ['/tmp'],
        containers: [{ image: `registry.example/service-${number}:1.4.2`, port: 8080 }],
      });
      deployment.exposeViaService({ name: `service-${number}` });
      return deployment;
    });
    // Each is called by the one before it.
    deployments.slice(1).forEach((deployment, at) => deployment.allowFrom(deployments[at]!));
    deployments[0]!.allowFrom(deployments.at(-1)!);
  }
  return cluster.synth().manifests.length;
}
