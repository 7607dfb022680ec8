import { pullPolicyOf } from '../manifest/image';
import { environment, environmentSources } from './environment';
import type { Props } from './made';
import { probe } from './probes';
import { Unsaid, type Reading } from './reading';
import { call, choice, verbatim, type Code } from './source-text';

/**
 * The properties of a container of cdk8s-plus that say what a container of a manifest says. Its mounts are another matter.
 * @throws Unsaid for what is no container.
 */
export function containerProps(container: Reading): Props {
  const ports = container.attempt('ports', portsOf) ?? { named: new Map<string, number>(), code: undefined };
  const probed = (key: string) => container.attempt(key, (strict) => probe(strict, key, ports.named));
  const props = {
    name: container.text('name'),
    image: container.text('image'),
    command: container.words('command'),
    args: container.words('args'),
    workingDir: container.text('workingDir'),
    ports: ports.code,
    envFrom: container.attempt('envFrom', environmentSources),
    envVariables: container.attempt('env', environment),
    // Where nothing is said, cdk8s-plus would ask for more than the hardening does.
    resources: container.attempt('resources', resources) ?? {},
    imagePullPolicy: container.attempt('imagePullPolicy', pullPolicy),
    readiness: probed('readinessProbe'),
    liveness: probed('livenessProbe'),
    startup: probed('startupProbe'),
    securityContext: security(container),
  };
  container.expect('terminationMessagePath', '/dev/termination-log');
  container.expect('terminationMessagePolicy', 'File');
  return props;
}

const PULL_POLICIES = {
  Always: undefined,
  IfNotPresent: 'ImagePullPolicy.IF_NOT_PRESENT',
  Never: 'ImagePullPolicy.NEVER',
};
export const PROTOCOLS = { UDP: 'Protocol.UDP', SCTP: 'Protocol.SCTP', TCP: undefined };

/** cdk8s-plus pulls always, and the API server has the kubelet pull most images once. */
function pullPolicy(container: Reading): Code | undefined {
  const policy = container.text('imagePullPolicy');
  if (policy !== undefined) return choice(container, 'imagePullPolicy', PULL_POLICIES);
  const standard = PULL_POLICIES[pullPolicyOf(container.text('image') ?? '')];
  return standard === undefined ? undefined : verbatim(standard);
}

function portsOf(container: Reading): { named: Map<string, number>; code: Code | undefined } {
  const named = new Map<string, number>();
  const found = container.each('ports').map((port) => {
    const number = port.number('containerPort');
    if (number === undefined) throw new Unsaid(`${port.path}.containerPort`);
    const name = port.text('name');
    if (name !== undefined) named.set(name, number);
    const code = {
      number,
      name,
      protocol: choice(port, 'protocol', PROTOCOLS),
      hostPort: port.number('hostPort'),
    };
    port.close();
    return code;
  });
  return { named, code: found.length > 0 ? found : undefined };
}

function resources(container: Reading): Code {
  const reading = container.within('resources');
  const limits = reading?.within('limits');
  const requests = reading?.within('requests');
  reading?.close();
  const pair = (key: string, toCode: (text: string) => Code | undefined) => {
    const both = { request: amount(requests, key, toCode), limit: amount(limits, key, toCode) };
    return both.request === undefined && both.limit === undefined ? undefined : both;
  };
  const code = { cpu: pair('cpu', cpuCode), memory: pair('memory', sizeCode) };
  limits?.close();
  requests?.close();
  return code;
}

function amount(
  reading: Reading | undefined,
  key: string,
  toCode: (text: string) => Code | undefined,
): Code | undefined {
  if (!reading) return undefined;
  const text = reading.quantity(key);
  if (text === undefined) return undefined;
  const code = toCode(text);
  if (code === undefined) throw new Unsaid(`${reading.path}.${key}`);
  return code;
}

function cpuCode(text: string): Code | undefined {
  if (/^[1-9]\d{0,14}m$/.test(text)) return call('Cpu.millis', Number(text.slice(0, -1)));
  if (/^0\.\d{1,3}$/.test(text)) return call('Cpu.millis', Math.round(Number(text) * 1000));
  return /^[1-9]\d{0,11}$/.test(text) ? call('Cpu.units', Number(text)) : undefined;
}

/** A size of cdk8s, which writes every size in mebibytes. */
export function sizeCode(text: string): Code | undefined {
  const [, number, unit] = /^([1-9]\d{0,11})(Mi|Gi)$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return call(unit === 'Mi' ? 'Size.mebibytes' : 'Size.gibibytes', Number(number));
}

/** What the hardening sets anyway needs no property. */
function security(container: Reading): Code | undefined {
  const reading = container.within('securityContext');
  if (!reading) return undefined;
  const code = {
    user: reading.number('runAsUser'),
    group: reading.number('runAsGroup'),
    ensureNonRoot: unlessDefault(reading, 'runAsNonRoot', true),
    privileged: unlessDefault(reading, 'privileged', false),
    readOnlyRootFilesystem: unlessDefault(reading, 'readOnlyRootFilesystem', true),
    allowPrivilegeEscalation: unlessDefault(reading, 'allowPrivilegeEscalation', false),
    capabilities: reading.attempt('capabilities', capabilities),
  };
  reading.close();
  return Object.values(code).some((value) => value !== undefined) ? code : undefined;
}

function unlessDefault(reading: Reading, key: string, standard: boolean): boolean | undefined {
  const value = reading.flag(key);
  return value === standard ? undefined : value;
}

/** The one capability that `restricted` lets a container add; the hardening drops all others. */
function capabilities(security: Reading): Code | undefined {
  const reading = security.within('capabilities');
  const added = reading?.words('add') ?? [];
  const dropped = reading?.words('drop') ?? [];
  reading?.close();
  if (dropped.length > 0 && dropped.join() !== 'ALL') throw new Unsaid(`${reading!.path}.drop`);
  if (added.length === 0) return undefined;
  if (added.join() !== 'NET_BIND_SERVICE') throw new Unsaid(`${reading!.path}.add`);
  return { add: [verbatim('Capability.NET_BIND_SERVICE')] };
}
