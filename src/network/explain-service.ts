import type { Explanation } from './explain';
import { workloadName, type Workload } from './pods';
import type { AskedPort, ServiceDestination } from './service-destination';

/** Who asks for what, and how to explain a connection to pods. */
export interface ServiceQuestion {
  /** Who connects, as it is written. */
  readonly source: string;
  readonly asked: AskedPort;
  readonly explainPods: (workload: Workload, port: number) => Explanation;
}

/**
 * Explains a connection to a Service by those to its pods, which are what policies see. It is allowed when some of the pods can
 * be connected to: a Service picks any of them.
 */
export function explainService(
  service: ServiceDestination,
  { source, asked, explainPods }: ServiceQuestion,
): Explanation {
  const port = `${asked.protocol} ${asked.port}`;
  const ways = service.targets.map((target) => ({
    lead: leadTo(service, target, asked),
    explanation: explainPods(target.workload, target.port),
  }));
  const allowed = ways.some(({ explanation }) => explanation.allowed);
  const isMixed = allowed && ways.some(({ explanation }) => !explanation.allowed);
  return {
    allowed,
    sides: ways.flatMap(({ explanation }) => explanation.sides),
    sentences: [
      `${source} ${allowed ? 'may' : 'may not'} connect to Service ${service.name} on ${port}${isMixed ? ', but not to all of its pods' : ''}.`,
      ...(ways.length === 0 ? [leadNowhere(service, port)] : []),
      ...ways.flatMap(({ lead, explanation: { sentences } }) => [
        lead,
        // With a single target the first sentence would repeat that of the Service.
        ...(ways.length === 1 ? sentences.slice(1) : sentences),
      ]),
    ],
  };
}

function leadTo(
  { name, isHeadless }: ServiceDestination,
  { workload, port }: ServiceDestination['targets'][number],
  { protocol, port: own }: AskedPort,
): string {
  const pods = workloadName(workload);
  return isHeadless
    ? `Service ${name} is headless, so ${protocol} ${port} is a port of ${pods} itself.`
    : `Service ${name} sends ${protocol} ${own} to ${protocol} ${port} of ${pods}.`;
}

function leadNowhere({ name, selected }: ServiceDestination, port: string): string {
  return selected.length === 0
    ? `Service ${name} leads nowhere: no pod has the labels of its selector.`
    : `Service ${name} leads nowhere: no container of ${selected.map(workloadName).join(' or ')} has a port by the name that it sends ${port} to.`;
}
