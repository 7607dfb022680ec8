import type { Manifest } from '../manifest/manifest';
import { isEmptyObject } from '../objects';
import { jobProps, scheduleProps } from './jobs';
import { nameOf } from './keys';
import type { Made, Props } from './made';
import { podProps, tokenCalls } from './pod';
import { readingOf, Unsaid, type Patch, type Reading } from './reading';
import { rolloutProps } from './rollout';
import type { Code } from './source-text';

/** What has to be known of the other objects to read a workload. */
export interface WorkloadContext {
  /** Whether its pods talk to the API server. */
  readonly needsToken: boolean;
  /** Whether something else decides how many pods there are. */
  readonly isScaled: boolean;
  /** The Service that gives the pods of a StatefulSet their names, where it is a construct. */
  readonly service: Code | undefined;
}

const CONSTRUCTS: Readonly<Record<string, string>> = {
  'apps/v1 Deployment': 'HardenedDeployment',
  'apps/v1 StatefulSet': 'HardenedStatefulSet',
  'apps/v1 DaemonSet': 'HardenedDaemonSet',
  'batch/v1 Job': 'HardenedJob',
  'batch/v1 CronJob': 'HardenedCronJob',
};

/** The label by which a hardened workload tells its pods apart. */
export const NAME_LABEL = 'app.kubernetes.io/name';

/** Beyond as many patches the object itself is easier to read. */
const MOST_PATCHES = 8;

/** Whether there is a construct that may say what the object says. */
export function isWorkload({ apiVersion, kind }: Manifest): boolean {
  return `${apiVersion} ${kind}` in CONSTRUCTS;
}

/**
 * The hardened construct that says what a workload says.
 * @throws Unsaid for a field that neither its properties nor a few patches say.
 */
export function workload(manifest: Manifest, context: WorkloadContext): Made {
  const patches: Patch[] = [];
  const reading = readingOf(manifest, patches);
  ['apiVersion', 'kind'].forEach((key) => reading.text(key));
  const metadata = metadataProps(reading.needed('metadata'));
  const spec = reading.needed('spec');
  const read =
    manifest.apiVersion === 'batch/v1'
      ? readJob(spec, manifest, { context, patches })
      : readServer(spec, manifest, { context, patches });
  [spec, reading].forEach((part) => part.close());
  if (patches.length > MOST_PATCHES) throw new Unsaid(patches.map(({ path }) => dotted(path)).join(', '));
  const { labels, made, own } = read;
  return {
    as: 'construct',
    construct: CONSTRUCTS[`${manifest.apiVersion} ${manifest.kind}`]!,
    before: made.declarations,
    props: { metadata, ...labels, ...own, ...made.props },
    patches,
    calls: tokenCalls(made.pod),
    pod: made.pod,
  };
}

interface Surroundings {
  readonly context: WorkloadContext;
  readonly patches: Patch[];
}

/** A workload whose pods run for good, and are found by a selector. */
function readServer(spec: Reading, manifest: Manifest, { context, patches }: Surroundings) {
  const template = spec.needed('template');
  const pods = podLabels(template);
  const labels = labelsOf(manifest, pods, selectorOf(spec));
  const made = podsOf(template, manifest, { context, labels, restartPolicy: 'Always' });
  return { labels, made, own: rolloutProps(spec, manifest.kind, { ...context, patches }) };
}

/** A workload whose pods come to an end. Nothing selects them, so what is on all of them tells them apart. */
function readJob(spec: Reading, manifest: Manifest, { context, patches }: Surroundings) {
  const jobTemplate = manifest.kind === 'CronJob' ? spec.needed('jobTemplate') : undefined;
  const job = jobTemplate?.needed('spec') ?? spec;
  const template = job.needed('template');
  const pods = podLabels(template);
  const labels = labelsOf(manifest, pods, isEmptyObject(pods.labels) ? nameLabel(manifest) : pods.labels);
  const made = podsOf(template, manifest, { context, labels, restartPolicy: 'Never' });
  const own = {
    ...(jobTemplate && scheduleProps(spec, patches)),
    ...jobProps(job, jobTemplate !== undefined),
  };
  if (jobTemplate) [job, jobTemplate].forEach((part) => part.close());
  return { labels, made, own };
}

interface PodSurroundings {
  readonly context: WorkloadContext;
  readonly labels: LabelProps;
  readonly restartPolicy: 'Always' | 'Never';
}

function podsOf(template: Reading, manifest: Manifest, { context, labels, restartPolicy }: PodSurroundings) {
  const made = podProps(template.needed('spec'), {
    name: nameOf(manifest),
    labels: labels.selectorLabels ?? nameLabel(manifest),
    needsToken: context.needsToken,
    restartPolicy,
  });
  template.close();
  return made;
}

function dotted(pointer: string): string {
  return pointer
    .slice(1)
    .replaceAll(/\/(\d+|-)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.');
}

/** The name and what somebody added; the namespace is that of the chart. */
export function metadataProps(metadata: Reading): Props {
  const props = {
    name: metadata.text('name'),
    labels: someOf(metadata.texts('labels')),
    annotations: someOf(metadata.texts('annotations')),
  };
  metadata.text('namespace');
  metadata.close();
  return props;
}

function someOf(texts: Readonly<Record<string, string>> | undefined) {
  return texts && Object.keys(texts).length > 0 ? texts : undefined;
}

type Labels = Readonly<Record<string, string>>;

interface LabelProps {
  readonly selectorLabels?: Labels;
  readonly podMetadata?: Code;
}

function nameLabel(manifest: Manifest): Labels {
  return { [NAME_LABEL]: nameOf(manifest) };
}

interface PodLabels {
  readonly labels: Labels;
  readonly annotations: Labels | undefined;
}

function podLabels(template: Reading): PodLabels {
  const metadata = template.within('metadata');
  const labels = metadata?.texts('labels') ?? {};
  const annotations = someOf(metadata?.texts('annotations'));
  // The API server gives each pod a name of its own.
  metadata?.text('name');
  metadata?.close();
  return { labels, annotations };
}

/**
 * The labels that select the pods, which cannot be changed and so are said wherever they are not the one that the construct
 * takes by itself, and the others.
 */
function labelsOf(manifest: Manifest, { labels, annotations }: PodLabels, selector: Labels): LabelProps {
  const isOwn = JSON.stringify(selector) === JSON.stringify(nameLabel(manifest));
  const others = someOf(
    Object.fromEntries(Object.entries(labels).filter(([key, value]) => selector[key] !== value)),
  );
  return {
    ...(!isOwn && { selectorLabels: { ...selector } }),
    ...((others ?? annotations) && { podMetadata: { labels: others, annotations } }),
  };
}

function selectorOf(spec: Reading): Readonly<Record<string, string>> {
  const selector = spec.needed('selector');
  const labels = selector.texts('matchLabels');
  if (!labels || isEmptyObject(labels)) throw new Unsaid('spec.selector.matchLabels');
  selector.close();
  return labels;
}
