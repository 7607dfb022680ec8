import { push } from '../groups';
import { compareText } from '../manifest/manifest';
import type { Connection, Endpoint } from './connections';
import { endpointName } from './endpoint';
import { formatPorts } from './ports';

/** A connection in the words of the text and JSON formats. */
export interface NamedConnection {
  readonly src: string;
  readonly dst: string;
  readonly conn: string;
}

/** A connection with its ends and ports as text. */
export function nameConnection({ source, destination, ports }: Connection): NamedConnection {
  return { src: endpointName(source), dst: endpointName(destination), conn: formatPorts(ports) };
}

/** Formats of a list of connections. */
export const CONNECTION_FORMATS = {
  /** Lines such as `shop/web[Deployment] => shop/api[Deployment] : TCP 8080`. */
  text: formatConnections,
  /** An array of objects with src, dst and conn, and the basis of those that policies may not count for. */
  json: formatJson,
  /** Columns src, dst and conn (RFC 4180). */
  csv: formatCsv,
  /** A graph for Graphviz, with a frame around each namespace. */
  dot: formatDot,
  /** A graph for Markdown. */
  mermaid: formatMermaid,
} as const;

/** Lines such as `shop/web[Deployment] => shop/api[Deployment] : TCP 8080`. */
export function formatConnections(connections: readonly Connection[]): string {
  return connections
    .map(nameConnection)
    .map(({ src, dst, conn }) => `${src} => ${dst} : ${conn}`)
    .join('\n');
}

function formatJson(connections: readonly Connection[]): string {
  const plain = connections.map((connection) => ({
    ...nameConnection(connection),
    ...(connection.basis === 'host-network' ? { basis: connection.basis } : {}),
  }));
  return JSON.stringify(plain, null, 2);
}

function formatCsv(connections: readonly Connection[]): string {
  const rows = connections.map(nameConnection).map(({ src, dst, conn }) => [src, dst, conn]);
  return [['src', 'dst', 'conn'], ...rows].map((row) => row.map(quoteCell).join(',')).join('\n');
}

function quoteCell(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function formatDot(connections: readonly Connection[]): string {
  const { inside, outside } = nodesOf(connections);
  const frames = [...inside].flatMap(([namespace, names]) => [
    `  subgraph ${quote(`cluster_${namespace}`)} {`,
    `    label=${quote(namespace)};`,
    ...names.map((name) => `    ${quote(name)} [label=${quote(name.slice(namespace.length + 1))}];`),
    '  }',
  ]);
  return [
    'digraph {',
    ...frames,
    ...outside.map((name) => `  ${quote(name)} [color="red", fontcolor="red"];`),
    ...connections
      .map(nameConnection)
      .map(({ src, dst, conn }) => `  ${quote(src)} -> ${quote(dst)} [label=${quote(conn)}];`),
    '}',
  ].join('\n');
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function formatMermaid(connections: readonly Connection[]): string {
  const { inside, outside } = nodesOf(connections);
  const names = [...[...inside.values()].flat(), ...outside];
  const ids = new Map(names.map((name, index) => [name, `n${index}`]));
  const frames = [...inside].flatMap(([namespace, own], index) => [
    `  subgraph s${index}["${namespace}"]`,
    ...own.map((name) => `    ${ids.get(name)}["${name.slice(namespace.length + 1)}"]`),
    '  end',
  ]);
  return [
    'graph LR',
    ...frames,
    ...outside.map((name) => `  ${ids.get(name)}(["${name}"])`),
    ...connections
      .map(nameConnection)
      .map(({ src, dst, conn }) => `  ${ids.get(src)} -->|"${conn}"| ${ids.get(dst)}`),
  ].join('\n');
}

/** The ends of connections: names of workloads by namespace, and of what is in none. */
function nodesOf(connections: readonly Connection[]) {
  const inside = new Map<string, string[]>();
  const outside: string[] = [];
  for (const endpoint of distinctEnds(connections)) {
    const name = endpointName(endpoint);
    if (endpoint.kind !== 'workload') outside.push(name);
    else push(inside, endpoint.workload.namespace, name);
  }
  return { inside, outside };
}

function distinctEnds(connections: readonly Connection[]): Endpoint[] {
  const ends = new Map<string, Endpoint>();
  for (const { source, destination } of connections) {
    ends.set(endpointName(source), source).set(endpointName(destination), destination);
  }
  return [...ends].sort(([a], [b]) => compareText(a, b)).map(([, endpoint]) => endpoint);
}
