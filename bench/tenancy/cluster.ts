import { HttpIngressPathType, Ingress, IngressBackend } from 'cdk8s-plus-27';
import { Blueprint, ClusterTarget, HardenedDeployment, Subject, Tenant } from '../../constructs';

/** Namespaces of each tenant. */
const NAMESPACES = ['web', 'data', 'jobs'] as const;

/**
 * A cluster that many tenants share: each has people, a quota, and three namespaces with two workloads that talk with each other
 * across them, as the README shows it. Every tenth offers its entrance to the tenant before it.
 */
export function manyTenants(count: number, outdir: string): Blueprint {
  const cluster = new Blueprint({
    target: ClusterTarget.kubernetes('1.33', {
      capacity: { cpu: `${count * 8}`, memory: `${count * 16}Gi` },
    }),
    outdir,
  });
  let before: HardenedDeployment | undefined;
  for (let index = 0; index < count; index += 1) {
    const entrance = addTenant(cluster, `tenant-${String(index).padStart(4, '0')}`);
    if (before && index % 10 === 0) {
      before.allowTo(entrance);
      entrance.offerTo(before);
    }
    before = entrance;
  }
  return cluster;
}

function addTenant(cluster: Blueprint, name: string): HardenedDeployment {
  const tenant = new Tenant(cluster, name, {
    owner: name,
    costCenter: name,
    groups: {
      viewers: [`${name}-support`],
      developers: [`${name}-developers`],
      deployers: [Subject.serviceAccount('pipelines', name)],
    },
    allowances: { ingressHosts: [`*.${name}.example.com`], registries: [`registry.example/${name}/`] },
  });
  const [web, data, jobs] = NAMESPACES.map((namespace) => addWorkloads(tenant, namespace));
  web!.api.allowTo(data!.api);
  web!.worker.allowTo(jobs!.api);
  jobs!.worker.allowTo(data!.api);
  return web!.api;
}

function addWorkloads(tenant: Tenant, name: string): Record<'api' | 'worker', HardenedDeployment> {
  const namespace = tenant.namespace(name);
  const make = (id: string) =>
    new HardenedDeployment(namespace, id, {
      containers: [{ image: `registry.example/${tenant.name}/${id}:1.4.2`, port: 8080 }],
      writablePaths: ['/tmp'],
    });
  const [api, worker] = [make('api'), make('worker')];
  const service = api.exposeViaService({ name: 'api', ports: [{ port: 80, targetPort: 8080 }] });
  worker.exposeViaService({ name: 'worker', ports: [{ port: 80, targetPort: 8080 }] });
  worker.allowTo(api);
  const backend = IngressBackend.fromService(service);
  const host = `${name}.${tenant.name}.example.com`;
  const rule = { host, path: '/', pathType: HttpIngressPathType.PREFIX, backend };
  new Ingress(namespace, 'entrance', { className: 'nginx', rules: [rule], tls: [{ hosts: [host] }] });
  return { api, worker };
}
