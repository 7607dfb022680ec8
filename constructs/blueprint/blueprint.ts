import { ApiObject, App, Chart, YamlOutputType, type AppProps } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { BulwarkError } from '../../src/errors';
import { canonical } from '../../src/manifest/canonical';
import type { DeclaredConnection } from '../../src/network/declared';
import { networkAsDeclared } from '../../src/network/prove';
import { declaredConnections } from '../network/declarations';
import { describeObject, identityOf, type Manifest } from '../../src/manifest/manifest';
import { scopeOf } from '../../src/manifest/kinds';
import { topologicalOrder } from '../../src/manifest/topology';
import { toYaml } from '../../src/manifest/yaml';
import { formatSummary, summarize, type Summary } from '../../src/report/summary';
import type { Parameters } from '../../src/controls/control';
import type { Proof } from '../../src/controls/proof';
import type { ClusterTarget } from '../../src/target/target';
import { setTenancyPolicy, type TenancyPolicy } from '../tenancy/registry';
import { Hardening, judgeInRoot, renderHardened } from '../workload/hardening';
import { attempt } from './attempt';
import type { Entry, JudgedEntry } from './entry';
import { addProof, judgeEntries, type Judgement } from './judgement';
import { planFiles, type Layout } from './layout';
import { orderEntries, type Ordered } from './order';
import { outputFiles } from './output-file';
import { refusal, type BlueprintProblem } from './refusal';
import { reportUncaughtErrors } from './uncaught';
import { makeReport, writeReport, type ReportFile, type Synthesized } from './report-file';
import { CONSTRUCT_METADATA, FILE_HEADER, replaceFolder } from './writer';

reportUncaughtErrors();

/** Properties of a {@link Blueprint}. */
export interface BlueprintProps extends AppProps {
  /** The cluster that the manifests are for. */
  readonly target: ClusterTarget;
  /**
   * Choices that only the owner of the cluster can make, such as the registries that images may come from.
   * @default none
   */
  readonly parameters?: Parameters;
  /** What every tenant has to say of itself. @default nothing, as long as no tenant says it */
  readonly tenancy?: TenancyPolicy;
  /**
   * Whether NetworkPolicies came from elsewhere and say themselves what is open. Then nothing is declared that the network of
   * tenants could be compared with, and a synthesis does not prove that it is what was declared; `bulwark isolated` still tells
   * who reaches whom.
   * @default false
   */
  readonly importedNetwork?: boolean;
  /**
   * How objects are divided into files. cdk8s' FILE_PER_APP, FILE_PER_CHART and FILE_PER_RESOURCE work, with file names in
   * the order of application; its folders do not, since `kubectl apply -f` reads no folder below the one it is given.
   * @default one file per namespace, and `00-cluster.k8s.yaml` for what belongs to none
   */
  readonly yamlOutputType?: YamlOutputType;
}

/** What {@link Blueprint.synth} does beside writing the manifests. */
export interface SynthOptions {
  /**
   * A file for a report of the whole cluster, as `bulwark report` makes it, with the construct that made each object: a page that
   * loads nothing, or by its ending the same as `.json` or `.md`. It is not for kubectl, so that in `outdir` it has to be in a
   * folder of its own, such as `dist/report/index.html`; there it is replaced together with the manifests. The path is below the
   * working directory. The same objects give the same bytes.
   * @default none
   */
  readonly report?: string;
}

/** What a synthesis made. */
export interface Synthesis {
  /** Names of the files in `outdir`, in the order of application. */
  readonly files: readonly string[];
  /** Paths of the files in folders below `outdir`, which are not for kubectl. */
  readonly otherFiles: readonly string[];
  /** Every object, in the order of application. */
  readonly manifests: readonly Manifest[];
  /** Counts the objects and judges their pods. Worked out when asked for. */
  summary(): Summary;
  /** The summary as text. */
  describe(): string;
}

/**
 * A cluster as code: a cdk8s `App` that hardens every workload in it, refuses what is unsafe, and writes plain manifests for
 * `kubectl apply -f`.
 *
 * Differences from `App`: it takes time in proportion to the number of objects, where `App` is quadratic in charts and
 * exponential in chains of dependent charts; files are flat and named in the order of application; the output folder is
 * replaced as a whole or not at all; two objects with one name are an error.
 *
 * @example
 * const cluster = new Blueprint({ target: ClusterTarget.kubernetes('1.33') });
 * const shop = new Tenant(cluster, 'shop');
 * new HardenedDeployment(shop.namespace('web'), 'api', { containers: [{ image: 'registry.example/api:1.4.2', port: 8080 }] });
 * console.log(cluster.synth().describe());
 */
export class Blueprint extends App {
  /** The cluster that the manifests are for. */
  readonly target: ClusterTarget;

  private readonly parameters: Parameters;
  private readonly layout: Layout;
  private readonly declared = new WeakMap<readonly Manifest[], readonly DeclaredConnection[]>();
  private readonly recordsConstructs: boolean;

  /** @throws BulwarkError for the layout with a folder per chart. */
  constructor(props: BlueprintProps) {
    super(props);
    if (props.yamlOutputType === YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE) {
      throw new BulwarkError(
        'yamlOutputType: FOLDER_PER_CHART_FILE_PER_RESOURCE makes folders, and `kubectl apply -f dist` would read none of them. ' +
          'Use YamlOutputType.FILE_PER_RESOURCE, or leave it out for one file per namespace.',
      );
    }
    this.target = props.target;
    this.parameters = props.parameters ?? {};
    this.layout = props.yamlOutputType ?? 'namespace';
    this.recordsConstructs =
      props.recordConstructMetadata ?? process.env.CDK8S_RECORD_CONSTRUCT_METADATA === 'true';
    judgeInRoot(this);
    if (!props.importedNetwork) {
      addProof(
        this,
        networkAsDeclared((manifests) => this.declaredFor(manifests)),
      );
    }
    if (props.tenancy) setTenancyPolicy(this, props.tenancy);
    Hardening.apply(this, { target: props.target });
  }

  /** Every chart, each after those that it depends on or that are nested in it. */
  override get charts(): Chart[] {
    const charts = this.node.findAll().filter((construct) => Chart.isChart(construct));
    const index = new Map<IConstruct, number>(charts.map((chart, at) => [chart, at]));
    const before = charts.map((chart) => chartPrerequisites(chart, index));
    const order = topologicalOrder(
      before,
      charts.map((_, at) => at),
    );
    if ('cycle' in order) {
      throw new BulwarkError(
        `Charts depend on each other in a cycle: ${order.cycle.map((at) => charts[at]!.node.path).join(' -> ')}.`,
      );
    }
    return order.map((at) => charts[at]!);
  }

  /** Holds the synthesis to one more proof: it fails for every problem that the proof finds in the manifests. */
  prove(proof: Proof): this {
    addProof(this, proof);
    return this;
  }

  /**
   * Writes all manifests into `outdir`, or changes nothing there.
   * @throws BulwarkError with every problem that was found, by construct path, or for a report that cannot be made.
   */
  override synth({ report }: SynthOptions = {}): Synthesis {
    const { judged, ...ordered } = this.render();
    const planned = planFiles(ordered, this.layout, this.outputFileExtension);
    const files = new Map(planned.map(({ name, manifests }) => [name, FILE_HEADER + toYaml(manifests)]));
    if (this.recordsConstructs) files.set(CONSTRUCT_METADATA, constructMetadata(ordered));
    const others = outputFiles(this.node.findAll());
    const told =
      report === undefined ? undefined : this.report(report, { ...ordered, planned, files, others });
    if (told?.inside !== undefined) others.set(told.inside, told.text);
    for (const [name, content] of others) files.set(name, content);
    replaceFolder(this.outdir, files);
    if (told && told.inside === undefined) writeReport(told);
    const manifests = planned.flatMap((file) => file.manifests);
    let summarized: Summary | undefined;
    const summary = () =>
      (summarized ??= summarize(manifests, this.target, { declared: this.declaredFor(judged), judged }));
    return {
      files: planned.map(({ name }) => name),
      otherFiles: [...others.keys()],
      manifests,
      summary,
      describe: () => formatSummary(summary()),
    };
  }

  /**
   * All manifests as one YAML text, in the order of application.
   * @throws BulwarkError with every problem that was found, by construct path.
   */
  override synthYaml(): string {
    return toYaml(this.render().entries.map(({ manifest }) => manifest));
  }

  private render(): Rendered {
    const constructs = this.node.findAll();
    const problems: BlueprintProblem[] = constructs.flatMap((construct) =>
      validate(construct).map((message) => `${construct.node.path || 'the app'}: ${message}`),
    );
    const objects = constructs.filter((construct) => ApiObject.isApiObject(construct));
    const entries: JudgedEntry[] = [];
    for (const object of objects) {
      const rendered = attempt(() => renderHardened(object), problems);
      if (!rendered) continue;
      const { manifest, problems: found, ...waivers } = rendered;
      problems.push(...found);
      entries.push({ object, manifest: tidy(manifest), ...waivers });
    }
    problems.push(...duplicates(entries));
    // Where an object could not be rendered, others would be said to lack it.
    const judged = entries.length === objects.length ? this.judge(entries) : undefined;
    problems.push(...(judged?.problems ?? []));
    if (problems.length > 0 || !judged) throw new BulwarkError(refusal(problems));
    return { ...orderEntries(this, judged.entries), judged: judged.manifests };
  }

  private report(
    report: string,
    made: Omit<Synthesized, 'report' | 'outdir' | 'target' | 'parameters'>,
  ): ReportFile {
    const { outdir, target, parameters } = this;
    return makeReport({ ...made, report, outdir, target, parameters });
  }

  /** What is declared, asked once for each list of manifests that is judged. */
  private declaredFor(manifests: readonly Manifest[]): readonly DeclaredConnection[] {
    const known = this.declared.get(manifests) ?? declaredConnections(this);
    this.declared.set(manifests, known);
    return known;
  }

  private judge(entries: readonly JudgedEntry[]): Judgement {
    const { target, parameters } = this;
    return judgeEntries(entries, { root: this, target, parameters });
  }
}

/** Objects in order, and the list that the proofs were asked about. */
interface Rendered extends Ordered {
  readonly judged: readonly Manifest[];
}

function chartPrerequisites(chart: Chart, index: ReadonlyMap<IConstruct, number>): number[] {
  const below = chart.node.findAll();
  const dependencies = below
    .filter((construct) => Chart.of(construct) === chart)
    .flatMap((construct) => construct.node.dependencies)
    .filter((dependency) => hasChart(dependency))
    .map((dependency) => Chart.of(dependency));
  // A nested chart that depends on this one asks for the opposite order.
  const nested = below.filter(
    (construct) =>
      Chart.isChart(construct) &&
      construct !== chart &&
      Chart.of(construct.node.scope!) === chart &&
      !construct.node.dependencies.includes(chart),
  );
  return [...new Set([...nested, ...dependencies])]
    .filter((other) => other !== chart)
    .map((other) => index.get(other)!);
}

function hasChart(construct: IConstruct): boolean {
  return construct.node.scopes.some((scope) => Chart.isChart(scope));
}

/** What a construct finds wrong with itself. A validation that fails of itself must not hide what others found. */
function validate(construct: IConstruct): readonly string[] {
  try {
    return construct.node.validate();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** Makes of what cdk8s and cdk8s-plus write what the API server keeps of it, so that a second apply finds nothing to change. */
function tidy(manifest: Manifest): Manifest {
  if (manifest.metadata?.namespace === undefined || scopeOf(manifest) !== 'cluster')
    return canonical(manifest);
  // cdk8s gives every object of a chart the chart's namespace, also those that no namespace can hold.
  const { namespace: _stray, ...metadata } = manifest.metadata;
  return canonical({ ...manifest, metadata });
}

/** Where each object comes from, in the form that cdk8s-cli reads when it reports validations. */
/** What cdk8s-cli reads, by names alone, and beside it every object on its own: a Deployment and its Service often share a name. */
function constructMetadata({ entries }: Ordered): string {
  const resources = Object.fromEntries(
    entries.map(({ object }) => [object.name, { path: object.node.path }]),
  );
  const objects = entries.map(({ object, manifest: { apiVersion, kind, metadata } }) => ({
    apiVersion,
    kind,
    ...(metadata?.namespace !== undefined && { namespace: metadata.namespace }),
    name: metadata?.name,
    path: object.node.path,
  }));
  return JSON.stringify({ version: '1.0.0', resources, objects });
}

function duplicates(entries: readonly Entry[]): string[] {
  const first = new Map<string, Entry>();
  const problems: string[] = [];
  for (const entry of entries) {
    const identity = identityOf(entry.manifest);
    const other = first.get(identity);
    if (other) {
      problems.push(
        `${entry.object.node.path} (${describeObject(entry.manifest)}): has the name of ${other.object.node.path}, ` +
          'so applying one would overwrite the other. Fix: give one of them another metadata.name.',
      );
    } else {
      first.set(identity, entry);
    }
  }
  return problems;
}
