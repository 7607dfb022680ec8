import { Unsaid, type Reading } from './reading';
import { call, verbatim, type Code } from './source-text';

/** What the code of an object uses: names to be imported, and objects that are there already. */
export interface Uses {
  plus(name: string): void;
  cdk8s(name: string): void;
  /** Code for a Secret or a ConfigMap of the namespace by its name. */
  reference(kind: 'Secret' | 'ConfigMap', name: string): Code;
}

/** Properties of a construct, in the order in which they are written. */
export type Props = { readonly [key: string]: Code | undefined };

/**
 * The properties of a container of cdk8s-plus that say what a container of a manifest says.
 * @param writable Names of emptyDir volumes that become `writablePaths`; gets the paths that they are mounted at.
 * @throws Unsaid for a field that they cannot say.
 */
export function containerProps(container: Reading, uses: Uses, writable: Map<string, string>): Props {
  const props = {
    name: container.text('name'),
    image: container.text('image'),
    command: container.words('command'),
    args: container.words('args'),
    workingDir: container.text('workingDir'),
    ports: ports(container, uses),
    envVariables: environment(container, uses),
    resources: resources(container.within('resources'), uses),
    imagePullPolicy: choice(container, 'imagePullPolicy', PULL_POLICIES, uses),
    readiness: probe(container.within('readinessProbe'), uses),
    liveness: probe(container.within('livenessProbe'), uses),
    startup: probe(container.within('startupProbe'), uses),
    securityContext: security(container.within('securityContext')),
  };
  readMounts(container, writable);
  container.expect('terminationMessagePath', '/dev/termination-log');
  container.expect('terminationMessagePolicy', 'File');
  container.close();
  return props;
}

const PULL_POLICIES = {
  Always: 'ImagePullPolicy.ALWAYS',
  IfNotPresent: 'ImagePullPolicy.IF_NOT_PRESENT',
  Never: 'ImagePullPolicy.NEVER',
};
const PROTOCOLS = { UDP: 'Protocol.UDP', SCTP: 'Protocol.SCTP', TCP: undefined };
const SCHEMES = { HTTPS: 'ConnectionScheme.HTTPS', HTTP: undefined };

/** A value of an enum of cdk8s-plus, or nothing where it is what cdk8s-plus takes by itself. */
function choice(
  reading: Reading,
  key: string,
  words: Readonly<Record<string, string | undefined>>,
  uses: Uses,
): Code | undefined {
  const word = reading.text(key);
  if (word === undefined) return undefined;
  if (!(word in words)) throw new Unsaid(`${reading.path}.${key}`);
  const code = words[word];
  if (code === undefined) return undefined;
  uses.plus(code.split('.')[0]!);
  return verbatim(code);
}

function ports(container: Reading, uses: Uses): Code | undefined {
  const found = container.each('ports').map((port) => {
    const number = port.number('containerPort');
    if (number === undefined) throw new Unsaid(`${port.path}.containerPort`);
    const code = { number, name: port.text('name'), protocol: choice(port, 'protocol', PROTOCOLS, uses) };
    port.close();
    return code;
  });
  return found.length > 0 ? found : undefined;
}

function environment(container: Reading, uses: Uses): Code | undefined {
  const variables = container.each('env').map((variable): [string, Code] => {
    const name = variable.text('name') ?? '';
    // JavaScript sorts keys that are numbers before others.
    if (/^\d*$/.test(name)) throw new Unsaid(variable.path);
    const value = environmentValue(variable, uses);
    variable.close();
    return [name, value];
  });
  if (new Set(variables.map(([name]) => name)).size < variables.length)
    throw new Unsaid(`${container.path}.env`);
  if (variables.length === 0) return undefined;
  uses.plus('EnvValue');
  return Object.fromEntries(variables);
}

const FIELD_PATHS: Readonly<Record<string, string>> = {
  'metadata.name': 'POD_NAME',
  'metadata.namespace': 'POD_NAMESPACE',
  'metadata.uid': 'POD_UID',
  'status.podIP': 'POD_IP',
  'spec.serviceAccountName': 'SERVICE_ACCOUNT_NAME',
  'spec.nodeName': 'NODE_NAME',
  'status.hostIP': 'NODE_IP',
  'status.podIPs': 'POD_IPS',
};

function environmentValue(variable: Reading, uses: Uses): Code {
  const value = variable.text('value');
  const from = variable.within('valueFrom');
  if (!from) return call('EnvValue.fromValue', value ?? '');
  const secret = from.within('secretKeyRef');
  const config = from.within('configMapKeyRef');
  const field = from.within('fieldRef');
  from.close();
  if (secret)
    return call('EnvValue.fromSecretValue', { secret: referred('Secret', secret, uses), key: keyOf(secret) });
  if (config) return call('EnvValue.fromConfigMap', referred('ConfigMap', config, uses), keyOf(config));
  const path = FIELD_PATHS[field?.text('fieldPath') ?? ''];
  if (!field || path === undefined) throw new Unsaid(from.path);
  field.expect('apiVersion', 'v1');
  field.close();
  uses.plus('EnvFieldPaths');
  return call('EnvValue.fromFieldRef', verbatim(`EnvFieldPaths.${path}`));
}

function referred(kind: 'Secret' | 'ConfigMap', reading: Reading, uses: Uses): Code {
  const name = reading.text('name');
  if (name === undefined) throw new Unsaid(`${reading.path}.name`);
  return uses.reference(kind, name);
}

function keyOf(reading: Reading): string {
  const key = reading.text('key');
  reading.expect('optional', false);
  reading.close();
  if (key === undefined) throw new Unsaid(`${reading.path}.key`);
  return key;
}

/** `{}` where there are none: cdk8s-plus would give more than one asked for, and the hardening sets its own. */
function resources(reading: Reading | undefined, uses: Uses): Code {
  const limits = reading?.within('limits');
  const requests = reading?.within('requests');
  reading?.close();
  const pair = (key: string, toCode: (text: string) => Code | undefined, use: () => void) => {
    const both = { request: amount(requests, key, toCode), limit: amount(limits, key, toCode) };
    if (!hasFields(both)) return undefined;
    use();
    return both;
  };
  const code = {
    cpu: pair('cpu', cpuCode, () => uses.plus('Cpu')),
    memory: pair('memory', sizeCode, () => uses.cdk8s('Size')),
  };
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
  if (/^[1-9]\d*m$/.test(text)) return verbatim(`Cpu.millis(${text.slice(0, -1)})`);
  return /^[1-9]\d*$/.test(text) ? verbatim(`Cpu.units(${text})`) : undefined;
}

function sizeCode(text: string): Code | undefined {
  const [, number, unit] = /^([1-9]\d*)(Mi|Gi)$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return verbatim(`Size.${unit === 'Mi' ? 'mebibytes' : 'gibibytes'}(${number})`);
}

function probe(reading: Reading | undefined, uses: Uses): Code | undefined {
  if (!reading) return undefined;
  const seconds = (key: string) => {
    const value = reading.number(key);
    if (value === undefined || value === 0) return undefined;
    uses.cdk8s('Duration');
    return verbatim(`Duration.seconds(${value})`);
  };
  const options: Props = {
    initialDelaySeconds: seconds('initialDelaySeconds'),
    periodSeconds: seconds('periodSeconds'),
    timeoutSeconds: seconds('timeoutSeconds'),
    failureThreshold: reading.number('failureThreshold'),
    successThreshold: reading.number('successThreshold'),
  };
  const code = probeCall(reading, options, uses);
  reading.close();
  uses.plus('Probe');
  return code;
}

function probeCall(reading: Reading, options: Props, uses: Uses): Code {
  const http = reading.within('httpGet');
  const tcp = reading.within('tcpSocket');
  const exec = reading.within('exec');
  if (http) return httpProbe(http, options, uses);
  if (tcp) {
    const port = tcp.number('port');
    tcp.close();
    return call('Probe.fromTcpSocket', { port, ...options });
  }
  if (!exec) throw new Unsaid(reading.path);
  const command = exec.words('command') ?? [];
  exec.close();
  return call('Probe.fromCommand', command, ...(hasFields(options) ? [options] : []));
}

function httpProbe(http: Reading, options: Props, uses: Uses): Code {
  const path = http.text('path') ?? '/';
  const port = http.number('port');
  const scheme = choice(http, 'scheme', SCHEMES, uses);
  http.close();
  return call('Probe.fromHttpGet', path, { port, scheme, ...options });
}

function hasFields(options: Props): boolean {
  return Object.values(options).some((value) => value !== undefined);
}

/** What the hardening sets anyway needs no property. */
function security(reading: Reading | undefined): Code | undefined {
  if (!reading) return undefined;
  reading.expect('allowPrivilegeEscalation', false);
  reading.expect('privileged', false);
  reading.expect('readOnlyRootFilesystem', true);
  reading.expect('runAsNonRoot', true);
  readCapabilities(reading.within('capabilities'));
  readSeccomp(reading.within('seccompProfile'));
  const ids = { user: reading.number('runAsUser'), group: reading.number('runAsGroup') };
  reading.close();
  return ids.user === undefined && ids.group === undefined ? undefined : ids;
}

function readCapabilities(reading: Reading | undefined): void {
  const dropped = reading?.words('drop');
  if (dropped && dropped.join() !== 'ALL') throw new Unsaid(`${reading!.path}.drop`);
  reading?.close();
}

/** Reads the profile of a container or a pod, which has to be the one that the hardening sets. */
export function readSeccomp(reading: Reading | undefined): void {
  reading?.expect('type', 'RuntimeDefault');
  reading?.close();
}

function readMounts(container: Reading, writable: Map<string, string>): void {
  for (const mount of container.each('volumeMounts')) {
    const name = mount.text('name') ?? '';
    const path = mount.text('mountPath') ?? '';
    mount.expect('readOnly', false);
    mount.close();
    if (!writable.has(name) || writable.get(name) !== '') throw new Unsaid(mount.path);
    writable.set(name, path);
  }
}
