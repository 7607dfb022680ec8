import { createHash } from 'node:crypto';
import { auditManifests, type AuditOptions } from '../../controls/audit';
import type { Finding } from '../../controls/check';
import { SEVERITIES } from '../../controls/control';
import { diffClusters } from '../../diff';
import { groupBy } from '../../groups';
import { counted } from '../../wording';
import { locate } from '../../manifest/locate';
import { describeObject, type Manifest } from '../../manifest/manifest';
import type { SourcedManifest } from '../../manifest/reader';
import { lent } from '../../manifest/remembered';
import { exposureOf } from '../../network/exposure';
import { exposureSections } from '../../network/exposure-text';
import { workloadName } from '../../network/pods';
import { reachabilityBesideProof } from '../../network/tenant-network';
import { targetFor } from '../../target/target';
import { proveTenancy, type TenancyTheorem } from '../../tenancy/theorem';
import { escalationEntries } from './escalations';
import { graphOf } from './graph';
import type {
  ClusterReport,
  CrossingEntry,
  ExposureSection,
  FindingEntry,
  ObjectEntry,
  Verdict,
  WaiverEntry,
} from './model';
import { rightsSection } from './rights';
import { tenantSection } from './tenants';

/** What a report is made with, beside the manifests. */
export interface ClusterReportOptions extends AuditOptions {
  /** The manifests that changes are told since. @default none are told */
  readonly baseline?: readonly Manifest[];
  /** The path of the construct that made an object; undefined where it is not known. */
  readonly constructOf?: (object: SourcedManifest) => string | undefined;
  /** Is told what is worked out, for whoever waits. */
  readonly onPhase?: (what: string) => void;
}

/** Puts together everything that is told of a cluster, in time linear in its objects. */
export function clusterReport(
  sourced: readonly SourcedManifest[],
  options: ClusterReportOptions = {},
): ClusterReport {
  const { onPhase = () => undefined } = options;
  const target = targetFor(options.target);
  // Lent, so that what the controls have found out about rights is not found out again.
  const manifests = lent(sourced.map(({ manifest }) => manifest));
  onPhase('asking the controls');
  const all = auditManifests(manifests, options);
  const findings = findingEntries(all, sourced);
  onPhase('proving the isolation of tenants');
  const theorem = proveTenancy(manifests, { target });
  onPhase('following the network');
  const reachability = reachabilityBesideProof(manifests, target);
  const tenants = tenantSection(reachability, theorem);
  onPhase('following the rights');
  const escalations = escalationEntries(manifests);
  const waivers = waiverEntries(all);
  const counts = {
    objects: manifests.length,
    namespaces: reachability.network.pods.namespaces.size,
    workloads: reachability.workloads.length,
    tenants: theorem.tenants.length,
    ...countsOf(all),
    waivers: waivers.reduce((sum, { objects }) => sum + objects.length, 0),
  };
  const parts = {
    crossings: tenants.crossings,
    rights: theorem.rights,
    escalations: escalations.length,
    counts,
  };
  return {
    schema: 'cdk8s-bulwark/report/v1',
    verdict: verdictOf(parts),
    input: { sha256: digest(manifests), target: target.version, profile: options.profile ?? 'hardened' },
    counts,
    tenants,
    graph: graphOf(reachability),
    exposure: exposureEntries(exposureSections(exposureOf(reachability))),
    rights: rightsSection(manifests),
    escalations,
    findings,
    waivers,
    ...(options.baseline && { changes: diffClusters(options.baseline, manifests, options) }),
    objects: sourced.map((one) => objectEntry(one, options)),
  };
}

function countsOf(
  findings: readonly Finding[],
): Pick<ClusterReport['counts'], 'findings' | 'waived' | 'bySeverity'> {
  const open = findings.filter(({ waiver }) => !waiver);
  const bySeverity = { critical: 0, high: 0, medium: 0, low: 0 };
  for (const { control } of open) bySeverity[control.severity] += 1;
  return { findings: open.length, waived: findings.length - open.length, bySeverity };
}

interface VerdictParts {
  readonly crossings: readonly CrossingEntry[];
  readonly rights: TenancyTheorem['rights'];
  readonly escalations: number;
  readonly counts: ClusterReport['counts'];
}

function verdictOf({ crossings, rights, escalations, counts }: VerdictParts): Verdict {
  const open = crossings.filter(({ isNamed }) => !isNamed).length;
  const serious = counts.bySeverity.critical + counts.bySeverity.high;
  const wrong = [
    open > 0
      ? `${counted(open, 'pair of tenants is', 'pairs of tenants are')} open to each other`
      : undefined,
    rights.holes.length > 0
      ? counted(rights.holes.length, 'way of rights leads', 'ways of rights lead') + ' out of a tenant'
      : undefined,
    escalations > 0
      ? counted(escalations, 'way leads', 'ways lead') + ' to the whole cluster or a node'
      : undefined,
    counts.findings > 0
      ? `${counted(counts.findings, 'finding is', 'findings are')} open${serious > 0 ? `, ${serious} of them critical or high` : ''}`
      : undefined,
  ].filter((text) => text !== undefined);
  if (wrong.length > 0) return { holds: false, sentence: `${sentenceCase(joined(wrong))}.` };
  const met =
    crossings.length > 0
      ? `, save ${counted(crossings.length, 'pair', 'pairs')} whose policies name each other`
      : '';
  const apart =
    counts.tenants > 1 ? `${counts.tenants.toLocaleString('en')} tenants are kept apart${met}; ` : '';
  const waived = counts.waivers > 0 ? `, with ${counted(counts.waivers, 'waiver')}` : '';
  return {
    holds: true,
    sentence: `${sentenceCase(`${apart}no rights lead to the whole cluster, and every control holds${waived}`)}.`,
  };
}

function joined(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join('; ')}; and ${texts.at(-1)}`;
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const SECRET_FIELDS: ReadonlySet<string> = new Set(['data', 'stringData']);

/** A digest of a short password could be tried out, so nothing of a Secret is in it. */
function digest(manifests: readonly Manifest[]): string {
  const hash = createHash('sha256');
  for (const manifest of manifests) {
    const isSecret = manifest.kind === 'Secret';
    const text = JSON.stringify(manifest, (key, value: unknown) =>
      isSecret && (SECRET_FIELDS.has(key) || key === 'annotations') ? undefined : value,
    );
    hash.update(text).update('\n');
  }
  return hash.digest('hex');
}

function findingEntries(findings: readonly Finding[], sourced: readonly SourcedManifest[]): FindingEntry[] {
  const sources = new Map(sourced.map((one) => [one.manifest, one]));
  const entries = new Map<string, FindingEntry & { places: FindingEntry['places'][number][] }>();
  for (const { control, manifest, field, message, fix, waiver } of findings) {
    if (waiver) continue;
    let entry = entries.get(control.id);
    if (!entry) {
      const { id, title, severity, why } = control;
      const references = control.references.map((one) => `${one.standard}: ${one.id}`);
      entry = { control: id, title, severity, why, fix, references, places: [] };
      entries.set(id, entry);
    }
    const source = sources.get(manifest);
    const place = source && locate(source, field);
    entry.places.push({
      object: describeObject(manifest),
      field,
      message,
      source: place ? `${place.file}:${place.line}` : '',
    });
  }
  const rank = ({ severity }: FindingEntry) => SEVERITIES.indexOf(severity);
  return [...entries.values()].sort((a, b) => rank(a) - rank(b) || b.places.length - a.places.length);
}

function waiverEntries(findings: readonly Finding[]): WaiverEntry[] {
  const entries = new Map<string, WaiverEntry & { objects: string[] }>();
  for (const { control, manifest, waiver } of findings) {
    if (!waiver) continue;
    const key = `${control.id}\n${waiver.reason}\n${waiver.expires ?? ''}`;
    let entry = entries.get(key);
    if (!entry) {
      entry = { control: control.id, reason: waiver.reason, expires: waiver.expires, objects: [] };
      entries.set(key, entry);
    }
    const name = describeObject(manifest);
    if (entry.objects.at(-1) !== name) entry.objects.push(name);
  }
  return [...entries.values()];
}

function exposureEntries(sections: ReturnType<typeof exposureSections>): ExposureSection[] {
  return sections.map(({ title, items }) => {
    const entries = [...groupBy(items, ({ text }) => text)].map(([detail, own]) => ({
      detail,
      workloads: own.map(({ workload }) => workloadName(workload)),
    }));
    return { title, entries };
  });
}

function objectEntry(object: SourcedManifest, options: ClusterReportOptions): ObjectEntry {
  const { manifest, file, line, source, within } = object;
  const { kind, metadata } = manifest;
  const construct = options.constructOf?.(object);
  return {
    kind,
    namespace: metadata?.namespace ?? '',
    name: String(metadata?.name ?? ''),
    file,
    line: within.length > 0 ? line : line + linesBefore(source),
    ...(construct !== undefined && { construct }),
  };
}

/** Lines of a document that come before its first field. */
function linesBefore(source: string): number {
  const [before] = /^(?:[ \t]*(?:---|#)[^\n]*\n|[ \t]*\n)*/.exec(source)!;
  return before.split('\n').length - 1;
}
