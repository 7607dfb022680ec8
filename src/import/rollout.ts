import type { Props } from './made';
import { Unsaid, type Patch, type Reading } from './reading';
import { call, choice, seconds, type Code } from './source-text';
import type { WorkloadContext } from './workload';

interface Rollout extends Pick<WorkloadContext, 'isScaled' | 'service'> {
  readonly patches: Patch[];
}

/** How a Deployment, a StatefulSet or a DaemonSet makes its pods. */
export function rolloutProps(spec: Reading, kind: string, rollout: Rollout): Props {
  spec.expect('revisionHistoryLimit', 10);
  if (kind === 'Deployment') return deploymentProps(spec, rollout);
  return kind === 'StatefulSet' ? statefulSetProps(spec, rollout) : daemonSetProps(spec);
}

function deploymentProps(spec: Reading, rollout: Rollout): Props {
  return {
    replicas: replicas(spec, { ...rollout, standard: 2 }),
    strategy: spec.attempt('strategy', deploymentStrategy),
    minReady: duration(spec, 'minReadySeconds', 0),
    progressDeadline: duration(spec, 'progressDeadlineSeconds', 600),
  };
}

/** cdk8s-plus makes two pods where the API server makes one, and counts where something else should. */
function replicas(
  spec: Reading,
  { isScaled, patches, standard }: Rollout & { standard: number },
): number | undefined {
  const given = spec.number('replicas');
  if (given === undefined && isScaled) {
    patches.push({ op: 'remove', path: '/spec/replicas' });
    return undefined;
  }
  const count = given ?? 1;
  return count === standard ? undefined : count;
}

function deploymentStrategy(spec: Reading): Code | undefined {
  const strategy = spec.within('strategy');
  if (!strategy) return undefined;
  const type = strategy.text('type') ?? 'RollingUpdate';
  const rolling = strategy.within('rollingUpdate');
  strategy.close();
  if (type === 'Recreate') return call('DeploymentStrategy.recreate');
  if (type !== 'RollingUpdate') throw new Unsaid(`${strategy.path}.type`);
  const options = rolling && {
    maxSurge: share(rolling, 'maxSurge', '25%'),
    maxUnavailable: share(rolling, 'maxUnavailable', '25%'),
  };
  rolling?.close();
  if (!options || (options.maxSurge ?? options.maxUnavailable) === undefined) return undefined;
  return call('DeploymentStrategy.rollingUpdate', options);
}

function share(reading: Reading, key: string, standard: string): Code | undefined {
  const value = reading.numberOrText(key);
  if (value === undefined || value === standard) return undefined;
  if (typeof value === 'number') return call('PercentOrAbsolute.absolute', value);
  if (!/^(0|[1-9]\d{0,8})%$/.test(value)) throw new Unsaid(`${reading.path}.${key}`);
  return call('PercentOrAbsolute.percent', Number(value.slice(0, -1)));
}

function duration(spec: Reading, key: string, standard: number): Code | undefined {
  const value = spec.number(key);
  return value === undefined || value === standard ? undefined : seconds(value);
}

function statefulSetProps(spec: Reading, { service, patches }: Rollout): Props {
  spec.text('serviceName');
  // Without one, cdk8s-plus would make another.
  if (service === undefined) throw new Unsaid('spec.serviceName');
  return {
    service,
    replicas: replicas(spec, { isScaled: false, service, patches, standard: 1 }),
    strategy: spec.attempt('updateStrategy', statefulSetStrategy),
    podManagementPolicy: spec.attempt('podManagementPolicy', (strict) =>
      choice(strict, 'podManagementPolicy', {
        Parallel: 'PodManagementPolicy.PARALLEL',
        OrderedReady: undefined,
      }),
    ),
    minReady: duration(spec, 'minReadySeconds', 0),
  };
}

function statefulSetStrategy(spec: Reading): Code | undefined {
  const strategy = spec.within('updateStrategy');
  if (!strategy) return undefined;
  const type = strategy.text('type') ?? 'RollingUpdate';
  const partition = strategy.within('rollingUpdate');
  partition?.expect('partition', 0);
  partition?.close();
  strategy.close();
  if (type === 'OnDelete') return call('StatefulSetUpdateStrategy.onDelete');
  if (type !== 'RollingUpdate') throw new Unsaid(`${strategy.path}.type`);
  return undefined;
}

function daemonSetProps(spec: Reading): Props {
  spec.attempt('updateStrategy', (strict) => {
    const strategy = strict.within('updateStrategy');
    strategy?.expect('type', 'RollingUpdate');
    const rolling = strategy?.within('rollingUpdate');
    rolling?.expect('maxSurge', 0);
    rolling?.expect('maxUnavailable', 1);
    rolling?.close();
    strategy?.close();
  });
  return { minReadySeconds: spec.number('minReadySeconds') };
}
