import { Chart, type App } from 'cdk8s';
import {
  ConfigMap,
  Deployment,
  Env,
  NetworkPolicy,
  NetworkPolicyTrafficDefault,
  Pods,
  Service,
  ServiceAccount,
} from 'cdk8s-plus-27';

/** Number of objects that {@link addChart} makes. */
export const OBJECTS_PER_CHART = 5;

/** Adds a chart with one ordinary web service, in a namespace of its own. */
export function addChart(app: App, index: number): Chart {
  const name = `service-${String(index).padStart(5, '0')}`;
  const chart = new Chart(app, name, { namespace: name });
  const settings = new ConfigMap(chart, 'settings', { data: { LOG_LEVEL: 'info', REGION: 'eu-central-1' } });
  const web = new Deployment(chart, 'web', {
    replicas: 2,
    serviceAccount: new ServiceAccount(chart, 'account'),
    containers: [
      {
        name: 'web',
        image: 'registry.example/web:1.4.2',
        portNumber: 8080,
        envFrom: [Env.fromConfigMap(settings)],
      },
    ],
  });
  new Service(chart, 'service', { selector: web, ports: [{ port: 80, targetPort: 8080 }] });
  new NetworkPolicy(chart, 'policy', {
    selector: Pods.all(chart, 'pods'),
    ingress: { default: NetworkPolicyTrafficDefault.DENY },
    egress: { default: NetworkPolicyTrafficDefault.DENY },
  });
  return chart;
}
