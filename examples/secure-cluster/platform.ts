import { Capability, EnvFieldPaths, EnvValue, Probe, ServiceType } from 'cdk8s-plus-27';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  HardenedDeployment,
  LockedClusterRole,
  LockedRole,
  Peer,
  Tenant,
  Waivers,
  type TenantNamespace,
} from '../../constructs';
import { resources } from './shop';

/** What the other tenants stand on: the way in from outside, and the eyes of whoever is on call. */
export class Platform extends Tenant {
  readonly ingress: HardenedDeployment;
  readonly monitoring: HardenedDeployment;

  constructor(scope: Construct) {
    super(scope, 'platform', {
      owner: 'platform',
      quota: { cpu: '4', memory: '8Gi' },
      allowances: { loadBalancers: ['ingress'] },
    });
    this.ingress = ingressController(
      this.namespace('ingress', { quota: { loadBalancers: 1 } }),
      new Chart(this, 'cluster-roles'),
    );
    this.monitoring = monitoringAgent(this.namespace('monitoring'));
  }
}

/** ingress-nginx, open to the world on two ports and to nothing else. */
function ingressController(namespace: TenantNamespace, clusterWide: Chart): HardenedDeployment {
  const controller = new HardenedDeployment(namespace, 'ingress', {
    replicas: 2,
    securityContext: { user: 101, group: 82 },
    writablePaths: [
      '/tmp',
      '/etc/ingress-controller/ssl',
      '/etc/ingress-controller/telemetry',
      '/var/log/nginx',
    ],
    containers: [
      {
        name: 'controller',
        image: 'registry.k8s.io/ingress-nginx/controller:v1.11.2',
        args: [
          '/nginx-ingress-controller',
          '--ingress-class=nginx',
          '--http-port=8080',
          '--https-port=8443',
          '--election-id=ingress-leader',
          '--publish-service=$(POD_NAMESPACE)/ingress',
        ],
        envVariables: {
          POD_NAME: EnvValue.fromFieldRef(EnvFieldPaths.POD_NAME),
          POD_NAMESPACE: EnvValue.fromFieldRef(EnvFieldPaths.POD_NAMESPACE),
        },
        ports: [
          { name: 'http', number: 8080 },
          { name: 'https', number: 8443 },
          { name: 'metrics', number: 10254 },
        ],
        resources: resources([100, 1000], [256, 512]),
        securityContext: { capabilities: { add: [Capability.NET_BIND_SERVICE] } },
        readiness: Probe.fromHttpGet('/healthz', { port: 10254 }),
        liveness: Probe.fromHttpGet('/healthz', { port: 10254 }),
      },
    ],
  });
  const service = controller.exposeViaService({
    name: 'ingress',
    serviceType: ServiceType.LOAD_BALANCER,
    ports: [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'https', port: 443, targetPort: 8443 },
    ],
  });
  Waivers.of(service).waive('load-balancer-source-ranges', {
    reason: 'the shop is public, and customers come from any address',
  });
  controller.allowFrom(Peer.anywhere(), { ports: ['http', 'https'] });
  controller.offerTo('every-tenant', { ports: ['http'] });
  controller.allowTo(Peer.apiServer());
  controller.useApiToken();
  grantIngressRights(controller, namespace, clusterWide);
  return controller;
}

/** What the controller reads and writes. Not Secrets: certificates come from the load balancer in front. */
function grantIngressRights(
  controller: HardenedDeployment,
  namespace: TenantNamespace,
  clusterWide: Chart,
): void {
  const reader = new LockedClusterRole(clusterWide, 'ingress-reader', {
    metadata: { name: 'platform-ingress-reader' },
  });
  Waivers.of(reader).waive('no-way-out-of-tenant', {
    reason: 'the one entrance of all tenants reads the Ingresses and Services of each',
  });
  reader
    .allow(
      ['get', 'list', 'watch'],
      ['ingresses', 'ingressclasses', 'endpointslices', 'services', 'namespaces'],
    )
    .allow(['update'], ['ingresses/status'])
    .bindTo(controller);

  new LockedRole(namespace, 'ingress-leader')
    .allow(['create'], ['leases'])
    .allow(['get', 'update'], ['leases'], { names: ['ingress-leader'] })
    .bindTo(controller);
}

/** An agent that scrapes metrics and sends them to a remote store. */
function monitoringAgent(namespace: TenantNamespace): HardenedDeployment {
  const agent = new HardenedDeployment(namespace, 'agent', {
    replicas: 1,
    securityContext: { user: 65534, group: 65534 },
    writablePaths: [{ path: '/prometheus', sizeLimit: '2Gi' }],
    containers: [
      {
        name: 'prometheus',
        image: 'quay.io/prometheus/prometheus:v2.54.1',
        args: [
          '--enable-feature=agent',
          '--storage.agent.path=/prometheus',
          '--config.file=/etc/prometheus/prometheus.yml',
        ],
        ports: [{ name: 'http', number: 9090 }],
        resources: resources([100, 500], [512, 1024]),
        readiness: Probe.fromHttpGet('/-/ready', { port: 9090 }),
        liveness: Probe.fromHttpGet('/-/healthy', { port: 9090 }),
      },
    ],
  });
  // The remote store; the rest of the internet stays closed.
  agent.allowTo(Peer.cidr('198.51.100.0/24'), { ports: [443] });
  return agent;
}
