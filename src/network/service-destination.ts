import { BulwarkError } from '../errors';
import { isObject, type JsonObject } from '../manifest/manifest';
import type { Workload } from './pods';
import type { Protocol } from './ports';
import { listOf } from '../lists';
import type { Services } from './services';

/** A port that somebody asks about. */
export interface AskedPort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** A Service that somebody connects to. */
export interface ServiceDestination {
  /** `namespace/name`. */
  readonly name: string;
  /** Whether its name stands for the addresses of its pods, so that the port is theirs (`clusterIP: None`). */
  readonly isHeadless: boolean;
  /** Whose pods it selects. */
  readonly selected: readonly Workload[];
  /** Where the port leads to, port by port of the pods. */
  readonly targets: readonly { readonly workload: Workload; readonly port: number }[];
}

/** `svc/namespace/name` as kubectl would write it, or `namespace/name[Service]` as workloads are written. */
const NOTATION = /^(?:(?:svc|services?)\/([^/]+)\/([^/]+)|([^/]+)\/([^/]+)\[Service\])$/;

/** Whether a text names a Service. */
export function isServiceName(text: string): boolean {
  return NOTATION.test(text);
}

/**
 * Finds the Service that a text names, and where it leads on a port. Undefined when the text names none.
 * @throws BulwarkError when there is no such Service, or the manifests do not tell where it leads.
 */
export function findService(
  text: string,
  asked: AskedPort,
  services: Services,
): ServiceDestination | undefined {
  const [, first, second, third, fourth] = NOTATION.exec(text) ?? [];
  const [namespace, own] = [first ?? third, second ?? fourth];
  if (namespace === undefined || own === undefined) return undefined;
  const name = `${namespace}/${own}`;
  const service = services.manifest(namespace, own);
  if (!service) throw new BulwarkError(noSuchService(name, services));
  const spec = isObject(service.spec) ? service.spec : {};
  refuseUnknown(name, spec);
  const selected = services.podsOf(namespace, own);
  if (spec.clusterIP === 'None') {
    const targets = selected.map((workload) => ({ workload, port: asked.port }));
    return { name, isHeadless: true, selected, targets };
  }
  requirePort(name, spec, asked);
  const targets = services
    .targetsOf(namespace, own)
    .filter(({ port, target }) => port === asked.port && target.protocol === asked.protocol)
    .map(({ workload, target }) => ({ workload, port: target.first }));
  return { name, isHeadless: false, selected, targets };
}

function noSuchService(name: string, { names }: Services): string {
  const own = name.slice(name.indexOf('/') + 1);
  const sorted = [...names].sort();
  const near = sorted.filter((one) => one.endsWith(`/${own}`));
  const some = near.length > 0 ? near : sorted;
  const shown = some.slice(0, 5).map((one) => `svc/${one}`);
  const more = some.length > 5 ? ` and ${some.length - 5} more` : '';
  const hint = names.size === 0 ? 'The manifests have none.' : `There is ${shown.join(', ')}${more}.`;
  return `There is no Service '${name}'. ${hint}`;
}

/** Policies know pods and addresses, so somebody has to say which ones are behind such a Service. */
function refuseUnknown(name: string, { type, externalName, selector }: JsonObject): void {
  if (type === 'ExternalName') {
    throw new BulwarkError(
      `Service ${name} is another name for ${String(externalName)}, and policies know no names. Ask about an address of that host.`,
    );
  }
  if (isObject(selector) && Object.keys(selector).length > 0) return;
  throw new BulwarkError(
    `Service ${name} has no selector, so the manifests do not tell where it leads. Ask about the workload or address behind it.`,
  );
}

function requirePort(name: string, { ports }: JsonObject, { protocol, port }: AskedPort): void {
  const declared = listOf(ports)
    .filter(isObject)
    .map((one) => ({
      text: `${textOf(one.protocol, 'TCP')} ${Number(one.port)}`,
      name: textOf(one.name, ''),
    }));
  if (declared.some(({ text }) => text === `${protocol} ${port}`)) return;
  const texts = declared.map((one) => (one.name === '' ? one.text : `${one.text} (${one.name})`));
  throw new BulwarkError(
    `Service ${name} has no port ${protocol} ${port}. It has ${texts.join(', ') || 'no port at all'}.`,
  );
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
