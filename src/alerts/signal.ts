import type { Alert, AlertContext, AlertSeverity, ThresholdName } from './alert';
import { escapedRegex, growth, promqlSelector, type Matcher, type Selector, type Window } from './promql';

type Labels = Readonly<Record<string, Matcher>>;

/** Something that an attacker does, and where it is counted. */
export interface Signal {
  readonly name: ThresholdName;
  readonly severity: AlertSeverity;
  readonly summary: string;
  /** Why it matters, as a sentence. @default the summary says it */
  readonly why?: string;
  /** As the API server counts it. @default it does not */
  readonly api?: Counted & {
    /** @default 'apiserver_request_total' */
    readonly metric?: string;
    /** From this version of Kubernetes on. @default every one */
    readonly since?: number;
    /** What is under way and will be counted when it ends, in the gauge of long-running requests. @default nothing */
    readonly open?: Labels;
  };
  /** As the audit log tells it, in labels of its own. @default it tells no more than the API server */
  readonly audit?: Counted & {
    /** How many are too many of one user. @default as many as without the audit log */
    readonly threshold?: number;
    /** Users of Kubernetes itself who do this all the time, as a regular expression. @default none */
    readonly usual?: string;
  };
}

interface Counted {
  readonly labels: Labels;
  /** Labels that tell one alert from another. */
  readonly by: readonly string[];
  /** What is counted, as a noun with labels as templates. */
  readonly what: string;
}

const UNKNOWN_WHO = 'The metric does not tell who did it: the audit log does.';

/** Each signal by the audit log where that is counted, else by what the API server counts, else not at all. */
export function signalAlerts(signals: readonly Signal[], context: AlertContext): Alert[] {
  return signals.flatMap((signal) => {
    const found = fromAuditLog(signal, context) ?? fromApiServer(signal, context);
    if (!found) return [];
    const { name, severity, summary, why } = signal;
    const { counter, by, what, window, hint } = found;
    const grown = `${growth(counter, by, window)} > ${context.threshold(name, found.threshold)}`;
    const expr = found.open
      ? `${grown}\nor sum by (${by.join(', ')}) (${promqlSelector(found.open)}) > 0`
      : grown;
    const description = [countOf(what, window), why, hint].filter(Boolean).join(' ');
    return [{ name, severity, summary, description, expr }];
  });
}

/** What was counted within the window, as a sentence. */
export function countOf(what: string, { length }: Window): string {
  return `${what} within ${length}: {{ $value | printf "%.0f" }}.`;
}

interface Found extends Counted {
  readonly counter: Selector;
  readonly window: Window;
  readonly threshold?: number;
  readonly open?: Selector;
  readonly hint?: string;
}

function fromAuditLog({ audit }: Signal, context: AlertContext): Found | undefined {
  const { ofAuditLog, excludedUsers, window } = context;
  if (!audit || !ofAuditLog) return undefined;
  const usual = [audit.usual ?? [], excludedUsers.map(escapedRegex)].flat();
  const user = audit.labels.user ?? (usual.length > 0 ? { notLike: usual.join('|') } : undefined);
  const counter = ofAuditLog({ ...audit.labels, ...(user && { user }) });
  // Whoever exports the metric, the target has been there before.
  return { ...audit, counter, window: { ...window, scraped: { metric: 'up' } } };
}

function fromApiServer({ api }: Signal, { ofApiServer, minor, window }: AlertContext): Found | undefined {
  if (!api || minor < (api.since ?? 0)) return undefined;
  const counter = ofApiServer(api.metric ?? 'apiserver_request_total', api.labels);
  const open = api.open && ofApiServer('apiserver_longrunning_requests', api.open);
  return { ...api, counter, window, open, hint: UNKNOWN_WHO };
}

const SUCCESS: Matcher = { like: '2..' };

/**
 * Every change of the objects of a group, or of one resource of it. The API server counts deletecollection as DELETE and
 * server-side apply as APPLY.
 */
export function changesOf(
  name: ThresholdName,
  { group, resource, summary }: { group: string; resource?: string; summary: string },
): Signal {
  const where = { group, ...(resource && { resource }) };
  return {
    name,
    severity: 'warning',
    summary,
    api: {
      labels: {
        ...where,
        verb: { in: ['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE'] },
        code: SUCCESS,
        dry_run: '',
      },
      by: ['resource', 'verb'],
      what: 'Changes of {{ $labels.resource }} by {{ $labels.verb }}',
    },
    audit: {
      labels: {
        ...where,
        verb: { in: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
        code: SUCCESS,
      },
      by: ['user', 'verb', 'resource', 'namespace'],
      what: '{{ $labels.user }}: {{ $labels.verb }} of {{ $labels.resource }}{{ with $labels.namespace }} in the namespace {{ . }}{{ end }}',
      usual: OF_KUBERNETES,
    },
  };
}

/** The API server itself, the control plane, and controllers that make, collect and count objects. */
export const OF_KUBERNETES =
  'system:(apiserver|kube-controller-manager|kube-scheduler|serviceaccount:kube-system:(clusterrole-aggregation|namespace|resourcequota)-controller|serviceaccount:kube-system:generic-garbage-collector)';
