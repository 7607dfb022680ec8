import { BulwarkError } from '../../src/errors';
import { compareText } from '../../src/manifest/manifest';
import type { DeclaredPort } from '../../src/network/declared';
import type { ClusterTarget } from '../../src/target/target';

/** A port that traffic goes to: of the pod, after any Service has been resolved. */
export interface PeerPort {
  /** Number, or the name of a port of the destination's containers. */
  readonly port: number | string;
  /** @default every protocol for which the destination declares the port; 'TCP' where the destination is not of this program */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  /** Last port of a range that starts with `port`. @default `port` alone */
  readonly endPort?: number;
}

/** A port that a container declares. */
export interface ContainerPort {
  readonly name?: string;
  readonly number: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

/** Ports as a policy names them, and what is wrong with those that were asked for. */
export interface ResolvedPorts {
  readonly ports: readonly DeclaredPort[];
  readonly problems: readonly string[];
}

const PROTOCOLS: readonly string[] = ['TCP', 'UDP', 'SCTP'];
const LAST_PORT = 65535;
/** IANA service name, as the API server demands of a port's name (RFC 6335 5.1). */
const PORT_NAME = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * Reads ports as somebody writes them.
 * @throws BulwarkError when one is none, or when the target cannot express it.
 */
export function readPorts(ports: readonly (number | string | PeerPort)[], target: ClusterTarget): PeerPort[] {
  if (ports.length === 0) {
    throw new BulwarkError(
      'ports is empty, which could mean no port or every port. List them, or leave ports out for those that the destination declares.',
    );
  }
  return ports.map((port) => readPort(port, target));
}

function readPort(given: number | string | PeerPort, target: ClusterTarget): PeerPort {
  const port = typeof given === 'object' ? given : { port: given };
  if (typeof port.port === 'number' ? !isPortNumber(port.port) : !PORT_NAME.test(port.port)) {
    throw new BulwarkError(
      `'${port.port}' is no port. Use a number from 1 to ${LAST_PORT}, or the name of a container's port: at most 15 lower-case letters, digits and hyphens.`,
    );
  }
  if (port.protocol !== undefined && !PROTOCOLS.includes(port.protocol)) {
    throw new BulwarkError(
      `'${String(port.protocol)}' is no protocol of a NetworkPolicy. Use ${PROTOCOLS.join(', ')}.`,
    );
  }
  if (port.endPort !== undefined) checkRange(port, port.endPort, target);
  return port;
}

function checkRange(port: PeerPort, endPort: number, target: ClusterTarget): void {
  if (typeof port.port === 'string') {
    throw new BulwarkError(
      `A range cannot start with the name '${port.port}': the API server takes endPort with a number only. Write { port: 7000, endPort: 7010 }.`,
    );
  }
  const text = describePort(port);
  if (!isPortNumber(endPort) || endPort < port.port) {
    throw new BulwarkError(
      `The range ${text} has no end: endPort has to be a number from ${port.port} to ${LAST_PORT}.`,
    );
  }
  if (!target.portRanges) {
    throw new BulwarkError(
      `The range ${text} needs a network plugin that knows endPort, and portRanges of the target says there is none: ` +
        'it would open the first port alone. List the ports one by one.',
    );
  }
}

function isPortNumber(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= LAST_PORT;
}

/**
 * The ports that an intent is about.
 * @param asked What the intent names, or undefined for everything that the destination declares.
 * @param declared What the destination's containers declare, or undefined where that is not known.
 * @param destination Path of the destination, for messages.
 */
export function resolvePorts(
  asked: readonly PeerPort[] | undefined,
  declared: readonly ContainerPort[] | undefined,
  destination: string,
): ResolvedPorts {
  if (declared === undefined) {
    return {
      ports: collapse((asked ?? []).map((port) => ({ ...port, protocol: port.protocol ?? 'TCP' }))),
      problems: [],
    };
  }
  if (asked === undefined) {
    const ports = declared.map(({ number, protocol }) => ({ port: number, protocol }));
    return { ports: collapse(ports), problems: ports.length > 0 ? [] : [noPortOf(destination)] };
  }
  const resolved = asked.map((port) => ({ port, found: declaredAs(port, declared) }));
  return {
    ports: collapse(resolved.flatMap(({ found }) => found)),
    problems: resolved
      .filter(({ found }) => found.length === 0)
      .map(({ port }) => notDeclared(port, declared, destination)),
  };
}

/** A port in the numbers that the destination declares: plugins differ in how they treat names, and nobody in numbers. */
function declaredAs(asked: PeerPort, declared: readonly ContainerPort[]): DeclaredPort[] {
  const { port, protocol, endPort } = asked;
  const within = (number: number) => Number(port) <= number && number <= (endPort ?? Number(port));
  const matches = declared.filter(
    (each) =>
      (protocol ?? each.protocol) === each.protocol &&
      (typeof port === 'string' ? each.name === port : within(each.number)),
  );
  return matches.map((each) => ({
    port: typeof port === 'string' ? each.number : port,
    protocol: each.protocol,
    ...(endPort !== undefined && { endPort }),
  }));
}

function noPortOf(destination: string): string {
  return (
    `no container of ${destination} declares a port, so it is unknown where to let traffic in. ` +
    'Declare it, for example containers: [{ image, port: 8080 }].'
  );
}

function notDeclared(port: PeerPort, declared: readonly ContainerPort[], destination: string): string {
  const known = declared.map(
    ({ name, number, protocol }) => `${protocol} ${number}${name ? ` '${name}'` : ''}`,
  );
  return (
    `no container of ${destination} declares port ${describePort(port)}, so the policy would open a door that leads nowhere. ` +
    (known.length > 0
      ? `Use one that is declared (${known.join(', ')}), or declare it among the ports of the container.`
      : 'Declare it, for example containers: [{ image, port: 8080 }].')
  );
}

/** `TCP 7000-7010`, the way messages name a port. */
export function describePort({ port, protocol, endPort }: PeerPort): string {
  return [protocol, `${port}${endPort === undefined ? '' : `-${endPort}`}`].filter(Boolean).join(' ');
}

/** Whether a port, or every port of a range, is one of some others. */
export function covers(ports: readonly DeclaredPort[], inner: DeclaredPort): boolean {
  return ports.some((outer) => outer.protocol === inner.protocol && spans(outer, inner));
}

function spans(outer: DeclaredPort, inner: DeclaredPort): boolean {
  if (typeof outer.port === 'string' || typeof inner.port === 'string') return outer.port === inner.port;
  return outer.port <= inner.port && (inner.endPort ?? inner.port) <= (outer.endPort ?? outer.port);
}

/** Ports without those that another one covers, in an order that does not depend on who asked first. */
export function collapse(ports: readonly DeclaredPort[]): DeclaredPort[] {
  const distinct = new Map(ports.map(withoutTrivialEnd).map((port) => [describePort(port), port]));
  const all = [...distinct.values()].sort(byNumber);
  return all.filter((port, at) => !covers([...all.slice(0, at), ...all.slice(at + 1)], port));
}

function withoutTrivialEnd(port: DeclaredPort): DeclaredPort {
  return port.endPort === port.port ? { port: port.port, protocol: port.protocol } : port;
}

/** Numbers come before names. */
function byNumber(a: DeclaredPort, b: DeclaredPort): number {
  const numbers = [a, b].map(({ port }) => (typeof port === 'number' ? port : LAST_PORT + 1));
  return numbers[0]! - numbers[1]! || compareText(describePort(a), describePort(b));
}
