import { endpointName } from './endpoint';
import type { Connection } from './connections';
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

/** Lines such as `shop/web[Deployment] => shop/api[Deployment] : TCP 8080`. */
export function formatConnections(connections: readonly Connection[]): string {
  return connections
    .map(nameConnection)
    .map(({ src, dst, conn }) => `${src} => ${dst} : ${conn}`)
    .join('\n');
}
