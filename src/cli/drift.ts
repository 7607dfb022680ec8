import { findDrift } from '../drift/drift';
import { proveLive } from '../drift/proof';
import { driftJunit, driftMetrics, driftText, type DriftReport } from '../drift/report';
import { BulwarkError } from '../errors';
import { identityOf, isObject, type Manifest } from '../manifest/manifest';
import { scopeOf } from '../manifest/kinds';
import { ClusterTarget, SUPPORTED_MINORS } from '../target/target';
import type { CommandResult } from './command';
import { readPaths } from './input';
import { connect, type ConnectionOptions } from './kube/connection';
import { readLive, type LiveCluster } from './kube/live';
import { CONCURRENCY, readerOf, type Refusal } from './kube/reader';
import { oneOf } from './one-of';
import { progress } from './progress';

/** Options of `bulwark drift`, as they are typed. */
export interface DriftOptions extends ConnectionOptions {
  readonly format: string;
  /** Seconds. */
  readonly timeout?: string;
}

const FORMATS: Readonly<Record<string, (report: DriftReport) => string>> = {
  text: driftText,
  json: (report) => JSON.stringify(report, null, 2),
  junit: driftJunit,
  prometheus: driftMetrics,
};

const DEFAULT_TIMEOUT = 300;

/**
 * `bulwark drift`: how a live cluster is not what manifests declare, and whether what was proved of them is true of it. Ends with
 * 0 when nothing was found and everything could be read, with 1 for findings, and with 2 when something could not be read.
 */
export async function driftCommand(paths: readonly string[], options: DriftOptions): Promise<CommandResult> {
  const format = FORMATS[oneOf(options.format, Object.keys(FORMATS), '--format')]!;
  const deadline = Date.now() + 1000 * parseTimeout(options.timeout);
  const { manifests, errors } = readPaths(paths);
  const files = new Map(manifests.map(({ manifest, file }) => [identityOf(manifest), file]));
  const declared = manifests.map(({ manifest }) => inItsNamespace(manifest));
  if (declared.length === 0) throw nothingDeclared(errors);
  const connection = await connect(options, CONCURRENCY);
  try {
    progress().phase('reading the cluster');
    const cluster = await readLive(readerOf(connection, { deadline }), declared);
    progress().phase(`comparing ${cluster.objects.length.toLocaleString('en')} objects`);
    const report = compare(declared, cluster, {
      server: connection.server,
      complete: errors.length === 0 && isWhole(cluster),
      fileOf: (manifest) => files.get(identityOf(manifest)) ?? paths[0]!,
    });
    return {
      output: format(report),
      unremarkable: options.format === 'text',
      notes: cluster.narrowed.map(
        (plural) =>
          `Note: ${plural} were read in the declared namespaces only, for want of the right to list all, so the result is incomplete.`,
      ),
      errors: [...errors.map(({ message }) => message), ...cluster.refusals.map(describeRefusal)],
      exitCode: exitCodeOf(report),
    };
  } finally {
    connection.close();
  }
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
  if (seconds > 0 && seconds <= 86_400) return seconds;
  throw new BulwarkError(`--timeout: '${text}' is no number of seconds. Write for example 300.`);
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
  const findings = findDrift({ declared: declared.map(comparable), live: objects, isKnown, fileOf });
  // Where rights are missing, a hole may be in what could not be read.
  const proof = subject.complete ? { proof: proveLive(declared, objects, targetOf(version, declared)) } : {};
  return { ...subject, declared: declared.length, live: objects.length, findings, ...proof };
}

/** Nothing of a Secret is read but its metadata, so nothing else can be compared. */
function comparable(manifest: Manifest): Manifest {
  const { apiVersion, kind, metadata } = manifest;
  return apiVersion === 'v1' && kind === 'Secret' ? { apiVersion, kind, metadata } : manifest;
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
