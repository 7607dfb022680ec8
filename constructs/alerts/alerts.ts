import { ApiObject, Chart, Lazy } from 'cdk8s';
import type { Construct } from 'constructs';
import type { WatchedBy } from '../../src/alerts/alert';
import { alertGroups, type AlertOptions } from '../../src/alerts/rules';
import { BulwarkError } from '../../src/errors';
import { targetOf } from '../blueprint/settings';
import { DriftWatch } from '../drift/drift-watch';

/** Properties of {@link Alerts}. */
export interface AlertsProps extends Omit<AlertOptions, 'target' | 'drift'> {
  /**
   * How Prometheus knows what the watch for drift has found: by the metrics of `bulwark drift`, by the CronJob of that name (of
   * which kube-state-metrics tells no more than that it failed), or not at all.
   * @default as each {@link DriftWatch} of the program is watched: by metrics if it has a Pushgateway, else by its CronJob; not at
   * all where there is none
   */
  readonly drift?: WatchedBy;
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
  /**
   * Watches for drift may be made later: how they are watched is read at synthesis, which fails where they differ and `drift` does
   * not decide.
   * @throws BulwarkError for a target without Prometheus Operator, and for options that Prometheus would refuse.
   */
  constructor(scope: Construct, id: string, props: AlertsProps = {}) {
    const { namespace = 'monitoring', name = 'bulwark', labels, drift, ...options } = props;
    super(scope, id, { namespace });
    const target = targetOf(this);
    if (!target.prometheusOperator) {
      throw new BulwarkError(
        `${this.node.path}: Alerts needs Prometheus Operator, which the target does not have, so the API server would not know ` +
          'PrometheusRule. Install it and say so: ClusterTarget.kubernetes(version, { prometheusOperator: true }).',
      );
    }
    this.groups({ ...options, drift, target });
    if (!drift) this.node.addValidation({ validate: () => differingWatches(watchesAround(this)) });
    const produce = () => this.groups({ ...options, drift: drift ?? watchedBy(watchesAround(this)), target });
    new ApiObject(this, 'rule', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name, ...(labels && { labels: { ...labels } }) },
      spec: { groups: Lazy.any({ produce }) as unknown },
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

/** The watches of the program, wherever they are made. */
function watchesAround({ node }: Alerts): DriftWatch[] {
  return node.root.node.findAll().filter((one) => one instanceof DriftWatch);
}

/** The way in which all are watched. Where there are several, {@link differingWatches} fails the synthesis. */
function watchedBy([first]: readonly DriftWatch[]): WatchedBy {
  return first?.watchedBy ?? { by: 'nothing' };
}

function differingWatches(watches: readonly DriftWatch[]): string[] {
  if (new Set(watches.map(wayOf)).size < 2) return [];
  const list = watches.map((watch) => `${watch.node.path} ${wayOf(watch)}`).join(', ');
  return [
    `Alerts asks about drift in one way, and the watches of this program are watched in several: ${list}. ` +
      "Give each a pushgateway, or write which of them these alerts are about: drift: { by: 'metrics' }, or " +
      "drift: { by: 'job', namespace, name } with the names of its CronJob.",
  ];
}

function wayOf({ watchedBy: way }: DriftWatch): string {
  return way.by === 'job' ? `by the CronJob ${way.namespace}/${way.name}` : `by ${way.by}`;
}
