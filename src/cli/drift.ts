import { findDrift } from '../drift/drift';
import { proveLive } from '../drift/proof';
import { withSelfMade } from '../drift/self-made';
import { driftMetrics, type DriftRun } from '../drift/metrics';
import { withOwnImage, type OwnCronJob } from '../drift/own-image';
import { driftJunit, driftText, type DriftReport } from '../drift/report';
import { LONGEST_TIMEOUT } from '../drift/timeout';
import { BulwarkError } from '../errors';
import { identityOf, isObject, type Manifest } from '../manifest/manifest';
import { scopeOf } from '../manifest/kinds';
import { ClusterTarget, SUPPORTED_MINORS } from '../target/target';
import { counted } from '../wording';
import type { CommandResult } from './command';
import {
  deliverEvent,
  deliverMetrics,
  deliveryOf,
  parseCronJob,
  type Delivery,
  type DeliveryOptions,
} from './drift-delivery';
import { readPaths } from './input';
import { connect, type Connection, type ConnectionOptions } from './kube/connection';
import { readLive, type LiveCluster } from './kube/live';
import { CONCURRENCY, readerOf, type Refusal } from './kube/reader';
import { oneOf } from './one-of';
import { progress } from './progress';

/** Options of `bulwark drift`, as they are typed. */
export interface DriftOptions extends ConnectionOptions, DeliveryOptions {
  readonly format: string;
  /** Seconds. */
  readonly timeout?: string;
  /** `NAMESPACE/CRONJOB`: the manifests are in its image. @default they are in no image */
  readonly builtInto?: string;
  /** Whether Secrets are passed over, for an account without any right to them. @default false */
  readonly withoutSecrets?: boolean;
}

const FORMATS: Readonly<Record<string, (report: DriftReport) => string>> = {
  text: driftText,
  json: (report) => JSON.stringify(report, null, 2),
  junit: driftJunit,
};
const METRICS_FORMAT = 'prometheus';

const DEFAULT_TIMEOUT = 300;

/**
 * `bulwark drift`: how a live cluster is not what manifests declare, and whether what was proved of them is true of it. Ends with
 * 0 when nothing was found and everything could be read, with 1 for findings, and with 2 when something could not be read.
 * Metrics and Events tell of a failure as well, so that nobody goes on reading an older result.
 */
export async function driftCommand(paths: readonly string[], options: DriftOptions): Promise<CommandResult> {
  const format = oneOf(options.format, [...Object.keys(FORMATS), METRICS_FORMAT], '--format');
  const settings = {
    deadline: Date.now() + 1000 * parseTimeout(options.timeout),
    delivery: deliveryOf(options),
    ...(options.builtInto !== undefined && { own: parseCronJob(options.builtInto, '--built-into') }),
  };
  const start = Date.now();
  const runOf = (report?: DriftReport): DriftRun => {
    const at = new Date();
    return { at, seconds: (at.getTime() - start) / 1000, ...(report && { report }) };
  };
  const outcome = await outcomeOf(paths, options, settings).catch(async (defect: unknown) => {
    await deliverMetrics(runOf(), settings.delivery);
    throw defect;
  });
  const { report } = outcome;
  const run = runOf(report);
  const undelivered = await deliverMetrics(run, settings.delivery);
  const errors = [...outcome.errors, ...undelivered];
  if (!report && format !== METRICS_FORMAT) throw new BulwarkError(errors.join('\n'));
  return {
    output: report && format !== METRICS_FORMAT ? FORMATS[format]!(report) : driftMetrics(run).trimEnd(),
    unremarkable: format === 'text',
    notes: outcome.notes,
    errors,
    exitCode: report && undelivered.length === 0 ? outcome.exitCode : 2,
  };
}

/** How a run ended. */
interface Outcome {
  /** Undefined where it failed. */
  readonly report?: DriftReport;
  readonly notes: readonly string[];
  readonly errors: readonly string[];
  readonly exitCode: 0 | 1 | 2;
}

interface Settings {
  readonly deadline: number;
  readonly delivery: Delivery;
  readonly own?: OwnCronJob;
}

async function outcomeOf(
  paths: readonly string[],
  options: DriftOptions,
  settings: Settings,
): Promise<Outcome> {
  const { delivery } = settings;
  let connection: Connection | undefined;
  try {
    const declaration = readDeclaration(paths, options.withoutSecrets === true);
    connection = await connect(options, CONCURRENCY);
    const outcome = await compareWith(connection, declaration, settings);
    const undelivered = await deliverEvent(connection, outcome.report, delivery);
    if (undelivered.length === 0) return outcome;
    return { ...outcome, errors: [...outcome.errors, ...undelivered], exitCode: 2 };
  } catch (error) {
    if (!(error instanceof BulwarkError)) throw error;
    // What cannot be read takes no Event either, most times, and the reason was told already.
    if (connection) await deliverEvent(connection, error, delivery);
    return { notes: [], errors: [error.message], exitCode: 2 };
  } finally {
    connection?.close();
  }
}

/** What was declared, and what there is to say of how it was read. */
interface Declaration {
  readonly objects: readonly Manifest[];
  readonly fileOf: (manifest: Manifest) => string;
  readonly notes: readonly string[];
  readonly errors: readonly string[];
}

function readDeclaration(paths: readonly string[], withoutSecrets: boolean): Declaration {
  const { manifests, errors } = readPaths(paths);
  const files = new Map(manifests.map(({ manifest, file }) => [identityOf(manifest), file]));
  const all = manifests.map(({ manifest }) => inItsNamespace(manifest));
  if (all.length === 0) throw nothingDeclared(errors);
  const objects = withoutSecrets ? all.filter((manifest) => !isSecret(manifest)) : all;
  const passedOver = all.length - objects.length;
  return {
    objects,
    fileOf: (manifest) => files.get(identityOf(manifest)) ?? paths[0]!,
    notes:
      passedOver > 0
        ? [`Note: ${counted(passedOver, 'declared Secret')} passed over, as --without-secrets asks.`]
        : [],
    errors: errors.map(({ message }) => message),
  };
}

async function compareWith(
  connection: Connection,
  { objects, fileOf, notes, errors }: Declaration,
  { deadline, own }: Settings,
): Promise<Outcome & { readonly report: DriftReport }> {
  progress().phase('reading the cluster');
  const cluster = await readLive(readerOf(connection, { deadline }), objects);
  progress().phase(`comparing ${cluster.objects.length.toLocaleString('en')} objects`);
  const complete = errors.length === 0 && isWhole(cluster);
  const declared = own ? withOwnImage(objects, cluster.objects, own) : objects;
  const report = compare(declared, cluster, { server: connection.server, complete, fileOf });
  const narrowed = cluster.narrowed.map(
    (plural) =>
      `Note: ${plural} were read in the declared namespaces only, for want of the right to list all, so the result is incomplete.`,
  );
  return {
    report,
    notes: [...notes, ...narrowed],
    errors: [...errors, ...cluster.refusals.map(describeRefusal)],
    exitCode: exitCodeOf(report),
  };
}

/** What was read in the declared namespaces only says nothing of the others, where a grant or a way in may be. */
function isWhole({ refusals, narrowed }: LiveCluster): boolean {
  return refusals.length === 0 && narrowed.length === 0;
}

function exitCodeOf({ complete, findings, proof }: DriftReport): 0 | 1 | 2 {
  if (!complete) return 2;
  return findings.length > 0 || proof?.holds === false ? 1 : 0;
}

function nothingDeclared([first]: readonly BulwarkError[]): BulwarkError {
  return (
    first ??
    new BulwarkError(
      'The files hold no object, and of nothing nothing can differ. Name the folder of a synthesis.',
    )
  );
}

function parseTimeout(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_TIMEOUT : Number(text);
  if (seconds > 0 && seconds <= LONGEST_TIMEOUT) return seconds;
  throw new BulwarkError(
    `--timeout: '${text}' is no number of seconds up to ${LONGEST_TIMEOUT}. Write for example 300.`,
  );
}

/** As kubectl does it: what names no namespace lands in `default`. Where that is a slip, the object is missing there. */
function inItsNamespace(manifest: Manifest): Manifest {
  if (manifest.metadata?.namespace !== undefined || scopeOf(manifest) !== 'namespace') return manifest;
  return { ...manifest, metadata: { ...manifest.metadata, namespace: 'default' } };
}

interface Subject {
  readonly server: string;
  readonly complete: boolean;
  readonly fileOf: (manifest: Manifest) => string;
}

function compare(
  declared: readonly Manifest[],
  cluster: LiveCluster,
  { fileOf, ...subject }: Subject,
): DriftReport {
  const { objects, isKnown, version } = cluster;
  const all = withSelfMade(declared, objects);
  const findings = findDrift({ declared: all.map(comparable), live: objects, isKnown, fileOf });
  // Where rights are missing, a hole may be in what could not be read.
  const proof = subject.complete ? { proof: proveLive(all, objects, targetOf(version, declared)) } : {};
  return { ...subject, declared: declared.length, live: objects.length, findings, ...proof };
}

/** Nothing of a Secret is read but its metadata, so nothing else can be compared. */
function comparable(manifest: Manifest): Manifest {
  const { apiVersion, kind, metadata } = manifest;
  return isSecret(manifest) ? { apiVersion, kind, metadata } : manifest;
}

function isSecret({ apiVersion, kind }: Manifest): boolean {
  return apiVersion === 'v1' && kind === 'Secret';
}

function targetOf(version: string, declared: readonly Manifest[]): ClusterTarget {
  const minor = Number(version.split('.')[1]);
  const { oldest, newest } = SUPPORTED_MINORS;
  const known = Math.min(newest, Math.max(oldest, Number.isInteger(minor) ? minor : newest));
  return ClusterTarget.kubernetes(`1.${known}`, {
    clusterNetworkPolicy: declared.some(({ kind }) => kind === 'ClusterNetworkPolicy'),
    ipFamilies: declared.some(isDualStack) ? ['IPv4', 'IPv6'] : ['IPv4'],
  });
}

function isDualStack(manifest: Manifest): boolean {
  const { kind, spec } = manifest;
  return kind === 'NetworkPolicy' && isObject(spec) && /"cidr":"[0-9a-f]*:/.test(JSON.stringify(spec));
}

function describeRefusal({ verb, resource, namespace }: Refusal): string {
  const where = namespace === undefined ? 'in the whole cluster' : `in the namespace ${namespace}`;
  return (
    `The right to ${verb} ${resource} ${where} is missing (403), so the result is incomplete. ` +
    `Grant it, for example with kubectl create clusterrole drift-${resource.split('.')[0]} --verb=${verb} --resource=${resource}.`
  );
}
