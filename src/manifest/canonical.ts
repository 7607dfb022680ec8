import { groupOf, isObject, type JsonObject, type Manifest } from './manifest';
import { templatePath } from './pod';
import { isQuantity, parseQuantity } from './quantity';

/** What the API server makes of a value; undefined where it leaves the field out. */
type Reading = (value: unknown) => unknown;

/** Fields whose values the API server gives back in another way. `*` stands for every other field; lists are looked through. */
interface Shape {
  readonly [field: string]: Shape | Reading;
}

/** For a value that means the same as none; the server then stores none. */
const omit =
  (meaningless: unknown): Reading =>
  (value) =>
    value === meaningless ? undefined : value;

const omitEmptyList: Reading = (value) => (Array.isArray(value) && value.length === 0 ? undefined : value);

const QUANTITIES: Shape = { '*': canonicalQuantity };
const RESOURCES: Shape = { requests: QUANTITIES, limits: QUANTITIES };
const CLAIM: Shape = { spec: { resources: RESOURCES } };
const PROBE: Shape = { initialDelaySeconds: omit(0) };

const CONTAINER: Shape = {
  env: { value: omit('') },
  ports: { hostPort: omit(0) },
  resources: RESOURCES,
  volumeMounts: { readOnly: omit(false) },
  livenessProbe: PROBE,
  readinessProbe: PROBE,
  startupProbe: PROBE,
};

const POD_SPEC: Shape = {
  hostNetwork: omit(false),
  hostPID: omit(false),
  hostIPC: omit(false),
  containers: CONTAINER,
  initContainers: CONTAINER,
  volumes: {
    ephemeral: { volumeClaimTemplate: CLAIM },
    '*': { readOnly: omit(false), sizeLimit: canonicalQuantity },
  },
};

const ROLE: Shape = { rules: { resourceNames: omitEmptyList } };
const BINDING: Shape = { subjects: { apiGroup: omit('') } };

/** The fields of kinds that hold no pods. */
const KINDS: ReadonlyMap<string, Shape> = new Map([
  ['|PersistentVolume', { spec: { capacity: QUANTITIES } }],
  ['|PersistentVolumeClaim', CLAIM],
  ['|ResourceQuota', { spec: { hard: QUANTITIES } }],
  ['|LimitRange', { spec: { limits: { type: (type) => type, '*': QUANTITIES } } }],
  ['|Service', { spec: { externalIPs: omitEmptyList } }],
  ['rbac.authorization.k8s.io|Role', ROLE],
  ['rbac.authorization.k8s.io|ClusterRole', ROLE],
  ['rbac.authorization.k8s.io|RoleBinding', BINDING],
  ['rbac.authorization.k8s.io|ClusterRoleBinding', BINDING],
]);

/**
 * Writes a manifest the way the API server gives it back, as far as people and cdk8s-plus write it otherwise: without values
 * that mean the same as none, and with quantities in the form the server calls canonical. `kubectl apply` compares text, so
 * it would find `hostNetwork: false` or `1000m` to change each time it is run.
 *
 * Nothing else is touched: a false or a zero that differs from no value, such as `allowPrivilegeEscalation: false` or
 * `replicas: 0`, is stored by the server as it is, and the fields of custom resources are known to their controllers only.
 */
export function canonical(manifest: Manifest): Manifest {
  const shape = shapeOf(manifest);
  return shape ? (read(manifest, shape) as Manifest) : manifest;
}

function shapeOf(manifest: Manifest): Shape | undefined {
  const path = templatePath(manifest);
  if (!path) return KINDS.get(`${groupOf(manifest)}|${manifest.kind}`);
  const template = path.reduceRight<Shape>((below, field) => ({ [field]: below }), { spec: POD_SPEC });
  if (path.length === 0) return template;
  return { spec: { minReadySeconds: omit(0), volumeClaimTemplates: CLAIM, ...(template.spec as Shape) } };
}

/** The very value where nothing in it is written otherwise. */
function read(value: unknown, shape: Shape | Reading | undefined): unknown {
  if (!shape) return value;
  if (typeof shape === 'function') return shape(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => read(item, shape));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  return isObject(value) ? readFields(value, shape) : value;
}

function readFields(value: JsonObject, shape: Shape): JsonObject {
  const fields = Object.hasOwn(shape, '*') ? Object.keys(value) : Object.keys(shape);
  const changed = new Map<string, unknown>();
  for (const field of fields) {
    if (!Object.hasOwn(value, field)) continue;
    const made = read(value[field], Object.hasOwn(shape, field) ? shape[field] : shape['*']);
    if (made !== value[field]) changed.set(field, made);
  }
  if (changed.size === 0) return value;
  const entries = Object.entries(value).map(
    ([field, member]) => [field, changed.has(field) ? changed.get(field) : member] as const,
  );
  return Object.fromEntries(entries.filter(([, member]) => member !== undefined));
}

const NANO = 1_000_000_000n;
/** The smallest amount the server keeps of a resource; it rounds up. */
const MILLI = 1_000_000n;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL = ['m', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/** With the largest suffix of the same kind, binary or decimal, that leaves a whole number: `1024Mi` is `1Gi`, `0.5` is `500m`. */
function canonicalQuantity(value: unknown): unknown {
  if (!isQuantity(value)) return value;
  const text = String(value);
  // The server keeps an exponent as somebody wrote it.
  if (/e[+-]?\d/i.test(text)) return text;
  const nano = parseQuantity(text);
  // Less than a Ki has no binary form.
  const isBinary = text.endsWith('i') && nano >= 1024n * NANO;
  return isBinary
    ? shortest(divideUp(nano, NANO), 1024n, BINARY)
    : shortest(divideUp(nano, MILLI), 1000n, DECIMAL);
}

function shortest(amount: bigint, base: bigint, [suffix = '', ...larger]: readonly string[]): string {
  if (amount === 0n) return '0';
  const fits = larger.length > 0 && amount % base === 0n;
  return fits ? shortest(amount / base, base, larger) : `${amount}${suffix}`;
}

function divideUp(amount: bigint, unit: bigint): bigint {
  return (amount + unit - 1n) / unit;
}
