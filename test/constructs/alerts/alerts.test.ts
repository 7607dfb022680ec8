import { Testing } from 'cdk8s';
import { Alerts, Blueprint, ClusterTarget, type AlertsProps } from '../../../constructs';
import { alertGroups } from '../../../src/alerts/rules';

const target = ClusterTarget.kubernetes('1.34', { prometheusOperator: true });

function ruleOf(props?: AlertsProps) {
  const cluster = new Blueprint({ target });
  return Testing.synth(new Alerts(cluster, 'alerts', props)) as [any];
}

describe('Alerts', () => {
  it('are one PrometheusRule with the groups that the options ask for', () => {
    const [rule, ...more] = ruleOf({ labels: { release: 'kube-prometheus-stack' }, window: '10m' });
    expect(more).toEqual([]);
    expect(rule).toMatchObject({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: {
        name: 'bulwark',
        namespace: 'monitoring',
        labels: { release: 'kube-prometheus-stack' },
      },
      spec: { groups: alertGroups({ target, window: '10m' }) },
    });
  });

  it('stand in the namespace and under the name that they are given', () => {
    expect(ruleOf({ namespace: 'observability', name: 'security' })[0].metadata).toEqual({
      name: 'security',
      namespace: 'observability',
    });
  });

  it('are refused for a target without Prometheus Operator, with what to do', () => {
    const cluster = new Blueprint({ target: ClusterTarget.kubernetes('1.34') });
    expect(() => new Alerts(cluster, 'alerts')).toThrow(
      /^alerts: Alerts needs Prometheus Operator, .*ClusterTarget.kubernetes\(version, \{ prometheusOperator: true \}\)\.$/,
    );
  });

  it('name the construct whose options Prometheus would refuse', () => {
    expect(() => ruleOf({ window: 'soon' })).toThrow(/^alerts: window: 'soon' is no duration/);
  });
});
