import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from '../manifest/manifest';
import { parseCidr } from '../network/cidr';
import { metadataExcept } from '../network/metadata';
import { labelsKey, nameOf } from './keys';
import type { Made, MadePod, MethodCall, Representation } from './made';
import { readingOf, Unsaid, type Reading } from './reading';
import { call, reference, type Code } from './source-text';

/** A workload that became a construct. */
export interface MadeWorkload {
  readonly manifest: Manifest;
  readonly made: Made & { readonly pod: MadePod };
}

const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

type Labels = Readonly<Record<string, string>>;

/** A peer as it is written in code, and the labels that a workload of the namespace may be known by. */
interface OnePeer {
  readonly code: Code;
  readonly labels?: Labels;
}

/** A peer and the ports that are open with it. */
interface Opening {
  readonly peer: OnePeer;
  readonly ports: readonly string[];
}

/** A policy that says of one workload what intents would say. */
interface ReadPolicy {
  readonly policy: Manifest;
  readonly workload: MadeWorkload;
  readonly ingress: readonly Opening[];
  readonly egress: readonly Opening[];
}

/**
 * The policies of a namespace that intents say to the letter: `allowFrom` and `allowTo` of a workload make one policy of its
 * name, for its pods, in both directions. Where both sides of a connection are open for each other, one call says it; where only
 * one is, the peer is named by its labels, so that nothing is opened or closed that was not.
 */
export function intents(
  policies: readonly Manifest[],
  workloads: readonly MadeWorkload[],
): ReadonlyMap<Manifest, Representation> {
  const byName = new Map(workloads.map((workload) => [nameOf(workload.manifest), workload]));
  const read = policies.flatMap((policy) => readPolicy(policy, byName.get(nameOf(policy))) ?? []);
  const members = new Map(read.map((each) => [labelsKey(each.workload.made.pod.labels), each]));
  return new Map(read.map((each) => [each.policy, representation(each, members)]));
}

/** Why a policy stays what it is. */
export const NO_INTENTS =
  'it is no policy that allowFrom and allowTo of one workload would write: of its name, in both directions, with ports';

function representation(
  { workload, ingress, egress }: ReadPolicy,
  members: ReadonlyMap<string, ReadPolicy>,
): Representation {
  const { made, manifest } = workload;
  const memberOf = ({ labels }: OnePeer) => labels && members.get(labelsKey(labels));
  const from = ingress.map(({ peer, ports }): MethodCall => {
    const member = memberOf(peer);
    const isMutual = member?.egress.some((other) => isSame(other, workload, ports));
    return ['allowFrom', isMutual ? referenceTo(member!.workload) : peer.code, ...options(ports, made.pod)];
  });
  const to = egress.flatMap(({ peer, ports }): MethodCall[] => {
    const member = memberOf(peer);
    if (member?.ingress.some((other) => isSame(other, workload, ports))) return [];
    return [['allowTo', peer.code, { ports: ports.map((port) => portCode(port)) }]];
  });
  return { as: 'call', construct: `${made.construct}.allowFrom`, of: manifest, calls: [...from, ...to] };
}

function isSame({ peer, ports }: Opening, { made }: MadeWorkload, others: readonly string[]): boolean {
  return (
    peer.labels !== undefined &&
    labelsKey(peer.labels) === labelsKey(made.pod.labels) &&
    isDeepStrictEqual(new Set(ports), new Set(others))
  );
}

function referenceTo({ manifest }: MadeWorkload): Code {
  return reference(manifest.kind, nameOf(manifest));
}

/** The ports that the workload declares need not be named. */
function options(ports: readonly string[], { ports: declared }: MadePod): Code[] {
  if (isDeepStrictEqual(new Set(ports), new Set(declared))) return [];
  return [{ ports: ports.map((port) => portCode(port, declared)) }];
}

function portCode(port: string, declared: readonly string[] = []): Code {
  const [number, protocol] = port.split('/') as [string, string];
  const others = declared.filter((each) => each.startsWith(`${number}/`));
  return protocol === 'TCP' && others.length <= 1 ? Number(number) : { port: Number(number), protocol };
}

function readPolicy(policy: Manifest, workload: MadeWorkload | undefined): ReadPolicy | undefined {
  if (!workload || workload.made.pod.hostNetwork) return undefined;
  try {
    const reading = readingOf(policy);
    ['apiVersion', 'kind'].forEach((key) => reading.text(key));
    const metadata = reading.needed('metadata');
    [metadata.text('name'), metadata.text('namespace')].forEach(() => undefined);
    const spec = reading.needed('spec');
    checkPods(spec, workload);
    const namespace = policy.metadata?.namespace;
    const found = {
      ingress: openings(spec, 'ingress', namespace),
      egress: openings(spec, 'egress', namespace),
    };
    [metadata, spec, reading].forEach((part) => part.close());
    const { ports } = workload.made.pod;
    const isKnown = found.ingress.every((opening) => opening.ports.every((port) => ports.includes(port)));
    const isSomething = found.ingress.length + found.egress.length > 0;
    return isKnown && isSomething ? { policy, workload, ...found } : undefined;
  } catch (error) {
    if (error instanceof Unsaid) return undefined;
    throw error;
  }
}

/** Those of the workload, and no others, in both directions. */
function checkPods(spec: Reading, { made }: MadeWorkload): void {
  const selector = spec.needed('podSelector');
  const labels = selector.texts('matchLabels') ?? {};
  selector.close();
  const types = new Set(spec.words('policyTypes'));
  if (labelsKey(labels) !== labelsKey(made.pod.labels)) throw new Unsaid(selector.path);
  if (!types.has('Ingress') || !types.has('Egress')) throw new Unsaid('spec.policyTypes');
}

function openings(spec: Reading, direction: 'ingress' | 'egress', namespace: string | undefined): Opening[] {
  return spec.each(direction).flatMap((rule) => {
    const peers = rule.each(direction === 'ingress' ? 'from' : 'to');
    const ports = rule.each('ports').map(portOf);
    rule.close();
    // Without peers or ports a rule opens all of them.
    if (peers.length === 0 || ports.length === 0) throw new Unsaid(rule.path);
    return peers.map((peer) => ({ peer: peerOf(peer, direction, namespace), ports }));
  });
}

function portOf(reading: Reading): string {
  const port = reading.number('port');
  const protocol = reading.text('protocol') ?? 'TCP';
  reading.close();
  if (port === undefined) throw new Unsaid(reading.path);
  return `${port}/${protocol}`;
}

function peerOf(reading: Reading, direction: 'ingress' | 'egress', own: string | undefined): OnePeer {
  const block = reading.within('ipBlock');
  const pods = labelsIn(reading, 'podSelector');
  const namespaces = labelsIn(reading, 'namespaceSelector');
  reading.close();
  if (block) return blockPeer(block, direction);
  const named = namespaces && namespaceIn(namespaces, reading);
  if (pods && Object.keys(pods).length > 0) {
    if (named === undefined) return { code: call('Peer.pods', pods), labels: pods };
    return { code: call('Peer.pods', pods, { namespace: named }) };
  }
  const namespace = named ?? own;
  if (namespace === undefined) throw new Unsaid(reading.path);
  return { code: call('Peer.namespace', namespace) };
}

/** The one namespace that labels select: by the label that the API server itself sets. */
function namespaceIn(labels: Labels, reading: Reading): string {
  const { [NAMESPACE_NAME_LABEL]: named, ...others } = labels;
  if (named === undefined || Object.keys(others).length > 0) throw new Unsaid(reading.path);
  return named;
}

function labelsIn(reading: Reading, key: string): Labels | undefined {
  const selector = reading.within(key);
  const labels = selector?.texts('matchLabels');
  selector?.close();
  return selector && (labels ?? {});
}

function blockPeer(block: Reading, direction: 'ingress' | 'egress'): OnePeer {
  const cidr = block.text('cidr') ?? '';
  const except = block.words('except') ?? [];
  block.close();
  const parsed = cidr.includes(':') ? undefined : parseBlock(cidr);
  if (!parsed) throw new Unsaid(block.path);
  const own = direction === 'egress' ? metadataExcept(parsed) : [];
  // A way to the metadata addresses of clouds is none that an intent opens.
  if (!isDeepStrictEqual([...except].sort(), [...own].sort()) || own.includes(cidr))
    throw new Unsaid(block.path);
  return { code: cidr === '0.0.0.0/0' ? call('Peer.anywhere') : call('Peer.cidr', cidr) };
}

function parseBlock(cidr: string) {
  try {
    return parseCidr(cidr);
  } catch {
    return undefined;
  }
}

/** Whether a manifest is a NetworkPolicy. */
export function isPolicy({ apiVersion, kind }: Manifest): boolean {
  return apiVersion === 'networking.k8s.io/v1' && kind === 'NetworkPolicy';
}
