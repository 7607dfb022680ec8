import type { WorkloadExposure } from './exposure';
import { workloadName, type Workload } from './pods';
import { formatPorts, type PortRange } from './ports';

/** Workloads that are open in one way. */
export interface ExposedWorkloads {
  readonly title: string;
  readonly items: readonly { readonly workload: Workload; readonly text: string }[];
}

/** Exposures as text: a heading for each kind, and below it a line for each workload. */
export function formatExposure(exposures: readonly WorkloadExposure[]): string {
  const sections = exposureSections(exposures).map(({ title, items }) =>
    [title, ...items.map(({ workload, text }) => `  ${workloadName(workload)} : ${text}`)].join('\n'),
  );
  return sections.length > 0 ? sections.join('\n\n') : 'Nothing is exposed.';
}

/** Exposures by kind; kinds of which there is none are left out. */
export function exposureSections(exposures: readonly WorkloadExposure[]): ExposedWorkloads[] {
  return [
    section('Open to the Internet', exposures, ({ fromInternet, publishedBy }) =>
      withPorts(fromInternet, publishedBy.length > 0 ? `, through ${publishedBy.join(' and ')}` : ''),
    ),
    section('Published, but not open to the Internet', exposures, ({ fromInternet, publishedBy }) =>
      fromInternet.length === 0 && publishedBy.length > 0 ? publishedBy.join(' and ') : undefined,
    ),
    section('May connect to the Internet', exposures, ({ toInternet }) => withPorts(toInternet)),
    section('May connect to metadata of the cloud', exposures, ({ metadata }) =>
      metadata.length > 0 ? metadata.join(', ') : undefined,
    ),
    section('May connect to the API server', exposures, ({ toApiServer }) => withPorts(toApiServer)),
    section('Selected by no policy', exposures, ({ unselected }) =>
      unselected.length > 0 ? unselected.join(' and ') : undefined,
    ),
    section('In the network of the node, where policies may not count', exposures, ({ hostNetwork }) =>
      hostNetwork ? 'hostNetwork: true' : undefined,
    ),
  ].filter(({ items }) => items.length > 0);
}

function withPorts(ports: readonly PortRange[], more = ''): string | undefined {
  return ports.length > 0 ? formatPorts(ports) + more : undefined;
}

function section(
  title: string,
  exposures: readonly WorkloadExposure[],
  describe: (exposure: WorkloadExposure) => string | undefined,
): ExposedWorkloads {
  const items = exposures.flatMap((exposure) => {
    const text = describe(exposure);
    return text === undefined ? [] : [{ workload: exposure.workload, text }];
  });
  return { title, items };
}
