import { ApiObject, Chart, Cron, Duration, Size } from 'cdk8s';
import { ConcurrencyPolicy, Cpu, type ContainerResources } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import type { WatchedBy } from '../../src/alerts/alert';
import { driftEventNames } from '../../src/drift/event';
import { rightsToCompare, type NamedObject } from '../../src/drift/rights';
import { replicatedBy } from '../../src/drift/self-made';
import { LONGEST_TIMEOUT } from '../../src/drift/timeout';
import { BulwarkError } from '../../src/errors';
import type { ResourceName } from '../../src/manifest/api-resources';
import { PLATFORM_OWNED_LABEL } from '../../src/manifest/kinds';
import type { Manifest } from '../../src/manifest/manifest';
import { LockedClusterRole, LockedRole } from '../identity/role';
import type { NetworkMember } from '../network/intents';
import { Peer } from '../network/peer';
import { HardenedCronJob } from '../workload/hardened-cron-job';
import { waiveWhereNeeded } from '../workload/waivers';

/** Properties of {@link DriftWatch}. */
export interface DriftWatchProps {
  /** The image that holds the command and the manifests, by digest: `registry.example/cluster-watch@sha256:...`. */
  readonly image: string;
  /** Where in the image the manifests are. @default ['/manifests'], where the Containerfile puts them */
  readonly manifests?: readonly string[];
  /** @default every 15 minutes */
  readonly schedule?: Cron;
  /** How long to try to read the cluster. The pod is ended two minutes later. @default 5 minutes */
  readonly timeout?: Duration;
  /** A Pushgateway that takes the metrics. @default none: the result is in the log, an Event and the end of the Job */
  readonly pushgateway?: Pushgateway;
  /**
   * Resources of kinds that only manifests of another program in the image declare, or whose plural is irregular, such as
   * `widgets.example.com`. @default none
   */
  readonly resources?: readonly ResourceName[];
  /** Names of ConfigMaps that only manifests of another program in the image declare. @default none */
  readonly configMaps?: readonly string[];
  /**
   * Declared Secrets, by namespace, that have to be there with the labels that were declared. To see the metadata of a Secret
   * takes the right to read it, so each name is one more Secret that the watch could read. @default none: Secrets are passed over
   */
  readonly secrets?: Readonly<Record<string, readonly string[]>>;
  /** @default 100m to 1 CPU, 256 MiB to 1 GiB */
  readonly containerResources?: ContainerResources;
}

/** Where metrics are pushed to. */
export interface Pushgateway {
  /** Such as `http://pushgateway.monitoring:9091`. One with a path names the group of the metrics, so that clusters keep apart. */
  readonly url: string;
  /** Who answers there. A workload of the same program is opened as well. */
  readonly peer: Peer | NetworkMember;
  /** Port of its pods. @default the port of the address */
  readonly port?: number | string;
}

const MANIFESTS = ['/manifests'];
const DEFAULT_TIMEOUT = Duration.minutes(5);
/** Seconds that remain to compare, to prove and to tell. */
const REST = 120;
const PINNED = /^[^\s@]+@sha256:[0-9a-f]{64}$/;
/** A watch may start late, as long as it is before the next one. */
const LATEST_START = Duration.minutes(5);
/** The user of distroless images; a user of no name owns no file. */
const USER = 65532;

const READS_EVERY_TENANT =
  'compares the objects of every tenant with what was declared: it lists them, and changes none but its own Events';
const READS_NAMED_SECRETS =
  'compares the metadata of the Secrets that were named for it, and reads no others';

/**
 * Compares the cluster with what was declared, again and again: `bulwark drift` as a hardened CronJob. A Job fails where the
 * cluster is not as declared, and an Event about the CronJob tells what was found; so do metrics on a Pushgateway.
 *
 * Its account may list the kinds that are declared anywhere in the program and those that can weaken a cluster, get the
 * ConfigMaps that are declared by name, and write three Events. It reads no Secret, changes nothing, and reaches the API server
 * only. What it may list includes pods, so credentials in plain environment variables are seen by it.
 *
 * @example
 * new DriftWatch(platform.namespace('watch'), 'drift-watch', {
 *   image: 'registry.example/cluster-watch@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945',
 * });
 */
export class DriftWatch extends Construct {
  /** The CronJob, for further intents and labels. */
  readonly cronJob: HardenedCronJob;
  /** The role that it reads the cluster by. */
  readonly role: LockedClusterRole;
  /** How alerts know what it has found: by the metrics that it pushes, or by its Job where it pushes none. */
  readonly watchedBy: WatchedBy;

  /**
   * @throws BulwarkError for an image without a digest, a place without a namespace, a timeout of less than a minute or more than
   * a day, no manifests, a Pushgateway at no address, and where the target does not say where the API server is.
   */
  constructor(scope: Construct, id: string, props: DriftWatchProps) {
    super(scope, id);
    const name = nameOf(this);
    const namespace = namespaceOf(this);
    checkImage(this, props.image);
    this.watchedBy = props.pushgateway ? { by: 'metrics' } : { by: 'job', namespace, name };
    this.cronJob = makeCronJob(this, { name, namespace }, props);
    this.cronJob.useApiToken();
    this.cronJob.allowTo(Peer.apiServer());
    if (props.pushgateway) openPushgateway(this, props.pushgateway);
    this.role = new LockedClusterRole(this, 'Reader', { metadata: { name: `${namespace}-${name}` } })
      .allowLater(() => grantsFor(this, props))
      .bindTo(this.cronJob);
    waiveWhereNeeded(this.role, 'no-way-out-of-tenant', READS_EVERY_TENANT);
    new LockedRole(this, 'Events', { metadata: { name: `${name}-events` } })
      .allow(['create'], ['events'])
      .allow(['get', 'patch'], ['events'], { names: driftEventNames(name) })
      .bindTo(this.cronJob);
    allowSecrets(this, name, props);
    markAsOwnedByPlatform(this);
  }
}

/** Where guard rails are, people of a tenant that the watch lives in can neither suspend it nor give it other arguments. */
function markAsOwnedByPlatform({ node }: DriftWatch): void {
  for (const object of node.findAll().filter((one) => ApiObject.isApiObject(one))) {
    object.metadata.addLabel(PLATFORM_OWNED_LABEL, 'true');
  }
}

/** A CronJob's pods are named after it, with 11 characters more. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/;

function nameOf({ node }: DriftWatch): string {
  if (NAME.test(node.id)) return node.id;
  throw new BulwarkError(
    `${node.path}: '${node.id}' is no name of a CronJob. Use up to 52 lower-case letters, digits and hyphens.`,
  );
}

function namespaceOf(watch: DriftWatch): string {
  const { namespace } = Chart.of(watch);
  if (namespace !== undefined) return namespace;
  throw new BulwarkError(
    `${watch.node.path}: its chart has no namespace, and roles and Events need one. Make it in a TenantNamespace, or set the namespace of the chart.`,
  );
}

/** Whoever can replace the image decides what counts as declared. */
function checkImage({ node }: DriftWatch, image: string): void {
  if (PINNED.test(image)) return;
  throw new BulwarkError(
    `${node.path}: the image '${image}' is not named by its digest, and whoever replaces it decides what counts as declared. ` +
      'Write NAME@sha256:DIGEST, as `podman image inspect --format {{.Digest}}` or the push prints it.',
  );
}

interface Place {
  readonly name: string;
  readonly namespace: string;
}

function makeCronJob(watch: DriftWatch, { name, namespace }: Place, props: DriftWatchProps): HardenedCronJob {
  const { timeout = DEFAULT_TIMEOUT, pushgateway, secrets, manifests = MANIFESTS } = props;
  const seconds = timeout.toSeconds();
  if (seconds < 60 || seconds > LONGEST_TIMEOUT) {
    throw new BulwarkError(
      `${watch.node.path}: timeout is ${seconds} s. In less than a minute a busy API server may not answer, and the command waits ` +
        'for a day at most. Use something between.',
    );
  }
  if (manifests.length === 0) {
    throw new BulwarkError(
      `${watch.node.path}: manifests is empty, and of nothing nothing can differ. Leave it out, or name folders of the image.`,
    );
  }
  return new HardenedCronJob(watch, 'CronJob', {
    metadata: { name },
    schedule: props.schedule ?? Cron.schedule({ minute: '*/15' }),
    concurrencyPolicy: ConcurrencyPolicy.FORBID,
    startingDeadline: LATEST_START,
    activeDeadline: Duration.seconds(seconds + REST),
    // A failed Job is how a finding is told, and asking again at once would find the same.
    backoffLimit: 0,
    successfulJobsRetained: 1,
    failedJobsRetained: 3,
    securityContext: { user: USER, group: USER },
    containers: [
      {
        name: 'drift',
        image: props.image,
        args: [
          'drift',
          ...manifests,
          ...['--timeout', `${seconds}`],
          ...['--built-into', `${namespace}/${name}`],
          ...['--event', `${namespace}/${name}`],
          ...(secrets ? [] : ['--without-secrets']),
          ...(pushgateway ? ['--push', pushgateway.url] : []),
        ],
        resources: props.containerResources ?? {
          cpu: { request: Cpu.millis(100), limit: Cpu.millis(1000) },
          memory: { request: Size.mebibytes(256), limit: Size.gibibytes(1) },
        },
      },
    ],
  });
}

function secretsOf({ username, password, search, hash }: URL): boolean {
  return [username, password, search, hash].some((part) => part !== '');
}

const IP_ADDRESS = /^(\d+\.\d+\.\d+\.\d+|\[.*\])$/;

function openPushgateway({ cronJob, node }: DriftWatch, { url, peer, port }: Pushgateway): void {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (!address || !/^https?:$/.test(address.protocol) || secretsOf(address)) {
    throw new BulwarkError(
      `${node.path}: pushgateway.url is no address of HTTP without a password and a query. Write for example http://pushgateway.monitoring:9091.`,
    );
  }
  const usual = address.protocol === 'http:' ? 80 : 443;
  cronJob.allowTo(peer, { ports: [port ?? (address.port === '' ? usual : Number(address.port))] });
  if (!IP_ADDRESS.test(address.hostname)) cronJob.allowTo(Peer.dns());
}

/** Of whatever is declared in the program, wherever that is. */
function grantsFor(watch: DriftWatch, { resources = [], configMaps = [] }: DriftWatchProps) {
  const others: NamedObject[] = configMaps.map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', name }));
  const rights = rightsToCompare([...declaredBy(watch), ...others]);
  return [
    ...rights.map(({ verb, resource, names }) => ({
      verbs: [verb],
      resources: [resource as ResourceName],
      names,
    })),
    ...(resources.length > 0 ? [{ verbs: ['list'], resources, names: [] }] : []),
  ];
}

function declaredBy(watch: DriftWatch): NamedObject[] {
  const objects = watch.node.root.node.findAll().filter((one) => ApiObject.isApiObject(one));
  const replicated = objects
    .filter(({ kind }) => kind === 'GlobalTenantResource')
    .flatMap((object) => replicatedBy(object.toJson() as Manifest))
    .map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, name: metadata?.name ?? '' }));
  return [...objects.map(({ apiVersion, kind, name }) => ({ apiVersion, kind, name })), ...replicated];
}

function allowSecrets(watch: DriftWatch, name: string, { secrets = {} }: DriftWatchProps): void {
  for (const [namespace, names] of Object.entries(secrets)) {
    if (names.length === 0) {
      throw new BulwarkError(
        `${watch.node.path}: secrets names none of ${namespace}, which would be the right to all of them. Name them, or leave ${namespace} out.`,
      );
    }
    const metadata = { name: `${name}-secrets`, namespace };
    const role = new LockedRole(watch, `Secrets-${namespace}`, { metadata });
    role.allow(['get'], ['secrets'], { names }).bindTo(watch.cronJob);
    waiveWhereNeeded(role, 'no-way-out-of-tenant', READS_NAMED_SECRETS);
  }
}
