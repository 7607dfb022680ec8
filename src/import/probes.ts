import type { Props } from './made';
import { Unsaid, type Reading } from './reading';
import { call, seconds, verbatim, type Code } from './source-text';

/** The numbers of a container's ports by their names. */
export type NamedPorts = ReadonlyMap<string, number>;

/**
 * A probe in the words of cdk8s-plus, which knows ports by number only: the name of a port is one of the same container, so the
 * number says the same.
 */
export function probe(container: Reading, key: string, ports: NamedPorts): Code | undefined {
  const reading = container.within(key);
  if (!reading) return undefined;
  const unless = (field: string, standard: number) => {
    const value = reading.number(field);
    return value === standard ? undefined : value;
  };
  const duration = (field: string, standard: number) => {
    const value = unless(field, standard);
    return value === undefined ? undefined : seconds(value);
  };
  // What is left out is as the API server has it by itself.
  const options: Props = {
    initialDelaySeconds: duration('initialDelaySeconds', 0),
    periodSeconds: duration('periodSeconds', 10),
    timeoutSeconds: duration('timeoutSeconds', 1),
    failureThreshold: unless('failureThreshold', 3),
    successThreshold: unless('successThreshold', 1),
  };
  const code = probeCall(reading, options, ports);
  reading.close();
  return code;
}

function probeCall(reading: Reading, options: Props, ports: NamedPorts): Code {
  const http = reading.within('httpGet');
  const tcp = reading.within('tcpSocket');
  const exec = reading.within('exec');
  if (http) return httpProbe(http, options, ports);
  if (tcp) {
    const port = portOf(tcp, ports);
    tcp.close();
    return call('Probe.fromTcpSocket', { port, ...options });
  }
  if (!exec) throw new Unsaid(reading.path);
  const command = exec.words('command') ?? [];
  exec.close();
  const hasOptions = Object.values(options).some((value) => value !== undefined);
  return call('Probe.fromCommand', command, ...(hasOptions ? [options] : []));
}

function httpProbe(http: Reading, options: Props, ports: NamedPorts): Code {
  const path = http.text('path') ?? '/';
  const port = portOf(http, ports);
  const scheme = http.text('scheme') === 'HTTPS' ? verbatim('ConnectionScheme.HTTPS') : undefined;
  if (scheme === undefined) http.expect('scheme', 'HTTP');
  http.close();
  return call('Probe.fromHttpGet', path, { port, scheme, ...options });
}

function portOf(reading: Reading, ports: NamedPorts): number {
  const port = reading.numberOrText('port');
  const number = typeof port === 'string' ? ports.get(port) : port;
  if (number === undefined) throw new Unsaid(`${reading.path}.port`);
  return number;
}
