import { Testing } from 'cdk8s';
import {
  Alerts,
  Blueprint,
  ClusterTarget,
  DriftWatch,
  Peer,
  Tenant,
  type AlertsProps,
  type Pushgateway,
} from '../../../constructs';
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
      spec: { groups: alertGroups({ target, window: '10m', drift: { by: 'nothing' } }) },
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

describe('Alerts about drift', () => {
  const gateway: Pushgateway = {
    url: 'http://pushgateway.monitoring:9091',
    peer: Peer.namespace('monitoring'),
  };
  const drift = (groups: ReturnType<typeof alertGroups>) =>
    groups.find(({ name }) => name === 'bulwark-drift')?.rules;
  /** The alerts of a program with watches of these names, each with a Pushgateway or without, which are made later. */
  function programWith(watches: Readonly<Record<string, Pushgateway | undefined>>, props?: AlertsProps) {
    const cluster = new Blueprint({
      target: ClusterTarget.kubernetes('1.34', {
        prometheusOperator: true,
        apiServer: { cidrs: ['192.0.2.1/32'] },
      }),
    });
    const alerts = new Alerts(cluster, 'alerts', props);
    const namespace = new Tenant(cluster, 'platform').namespace('ops');
    for (const [name, pushgateway] of Object.entries(watches)) {
      const image = `registry.example/watch@sha256:${'a'.repeat(64)}`;
      new DriftWatch(namespace, name, { image, ...(pushgateway && { pushgateway }) });
    }
    return alerts;
  }
  const alertsBeside = (...args: Parameters<typeof programWith>) =>
    drift((Testing.synth(programWith(...args)) as [any])[0].spec.groups);

  it('ask as the watch of the program tells what it finds', () => {
    const by = (way: AlertsProps['drift']) => drift(alertGroups({ target, drift: way }));
    const job = by({ by: 'job', namespace: 'platform-ops', name: 'watch' });
    expect(job?.map(({ alert }) => alert)).toEqual(['BulwarkDriftJobFailed', 'BulwarkDriftWatchStopped']);
    expect(alertsBeside({ watch: undefined })).toEqual(job);
    expect(alertsBeside({ watch: gateway })).toEqual(by({ by: 'metrics' }));
    expect(alertsBeside({ watch: gateway, other: gateway })).toEqual(by({ by: 'metrics' }));
    expect(alertsBeside({})).toBeUndefined();
  });

  it('ask as they are told to, whatever the program has', () => {
    const metrics: AlertsProps['drift'] = { by: 'metrics' };
    expect(alertsBeside({ watch: undefined }, { drift: metrics })).toEqual(
      drift(alertGroups({ target, drift: metrics })),
    );
    expect(alertsBeside({ watch: gateway, other: undefined }, { drift: { by: 'nothing' } })).toBeUndefined();
  });

  it('fail the synthesis where watches differ, with each and what to write', () => {
    const problems = (...args: Parameters<typeof programWith>) => programWith(...args).node.validate();
    expect(problems({ watch: gateway, other: undefined })).toEqual([
      'Alerts asks about drift in one way, and the watches of this program are watched in several: ' +
        'platform/ops/watch by metrics, platform/ops/other by the CronJob platform-ops/other. ' +
        "Give each a pushgateway, or write which of them these alerts are about: drift: { by: 'metrics' }, or " +
        "drift: { by: 'job', namespace, name } with the names of its CronJob.",
    ]);
    expect(problems({ watch: undefined, other: undefined })).toEqual([
      expect.stringContaining('platform/ops/watch by the CronJob platform-ops/watch, platform/ops/other by'),
    ]);
    expect(problems({ watch: gateway, other: gateway })).toEqual([]);
    expect(problems({ watch: gateway, other: undefined }, { drift: { by: 'metrics' } })).toEqual([]);
  });
});
