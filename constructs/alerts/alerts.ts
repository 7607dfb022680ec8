import { ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { alertGroups, type AlertOptions } from '../../src/alerts/rules';
import { BulwarkError } from '../../src/errors';
import { targetOf } from '../blueprint/settings';

/** Properties of {@link Alerts}. */
export interface AlertsProps extends Omit<AlertOptions, 'target'> {
  /** Namespace of the PrometheusRule, in which Prometheus looks for rules. @default 'monitoring' */
  readonly namespace?: string;
  /** @default 'bulwark' */
  readonly name?: string;
  /**
   * Labels of the PrometheusRule, by which Prometheus finds it, such as `{ release: 'kube-prometheus-stack' }`.
   * @default none, which a Prometheus with an empty `ruleSelector` finds
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Alerts as a PrometheusRule: the cluster has left its declared state, admission refuses, somebody does what attackers do, or nobody
 * would notice. Each has a runbook in docs/runbooks. Needs Prometheus Operator (`prometheusOperator` of the target).
 *
 * Every expression about the API server is tried on metrics of real ones, Kubernetes 1.30 and 1.37. What their metrics do not
 * tell, who and where, takes a counter of the audit log: `auditMetric`.
 *
 * @example new Alerts(cluster, 'alerts', { labels: { release: 'kube-prometheus-stack' } });
 */
export class Alerts extends Chart {
  /** @throws BulwarkError for a target without Prometheus Operator, and for options that Prometheus would refuse. */
  constructor(scope: Construct, id: string, props: AlertsProps = {}) {
    const { namespace = 'monitoring', name = 'bulwark', labels, ...options } = props;
    super(scope, id, { namespace });
    const target = targetOf(this);
    if (!target.prometheusOperator) {
      throw new BulwarkError(
        `${this.node.path}: Alerts needs Prometheus Operator, which the target does not have, so the API server would not know ` +
          'PrometheusRule. Install it and say so: ClusterTarget.kubernetes(version, { prometheusOperator: true }).',
      );
    }
    new ApiObject(this, 'rule', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name, ...(labels && { labels: { ...labels } }) },
      spec: { groups: this.groups({ ...options, target }) },
    });
  }

  private groups(options: AlertOptions) {
    try {
      return alertGroups(options);
    } catch (error) {
      throw error instanceof BulwarkError ? new BulwarkError(`${this.node.path}: ${error.message}`) : error;
    }
  }
}
