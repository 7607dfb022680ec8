import type { DriftEvent } from '../../drift/event';
import { BulwarkError } from '../../errors';
import { isObject, type JsonObject } from '../../manifest/manifest';
import { eventPath, type Answer, type Connection } from './connection';
import { askPatiently, type Patience } from './retry';

/** An object that is there as long as the cluster is watched. */
export interface EventSubject {
  readonly namespace: string;
  /** Of a CronJob. */
  readonly name: string;
}

/** An Event that is to be written. */
export interface WrittenEvent extends DriftEvent {
  readonly name: string;
  readonly subject: EventSubject;
  readonly at: Date;
}

const COMPONENT = 'bulwark-drift';
const JSON_TYPE = 'application/json';
/** Milliseconds that are spent on the uid: an Event without it is better than none. */
const UID_LIMIT = 5000;
/** How often it is begun again when somebody else has written or removed the Event in the meantime. */
const RESTARTS = 3;

/**
 * Writes an Event about a CronJob, or where one of that name is there already, counts it up and replaces its message. One about an
 * earlier CronJob of that name becomes the first about this one.
 * @throws BulwarkError when the API server does not take it.
 */
export async function writeEvent(
  connection: Connection,
  event: WrittenEvent,
  patience: Patience,
): Promise<void> {
  const { subject } = event;
  const ask = (send: (signal: AbortSignal) => Promise<Answer>) => askPatiently(connection, send, patience);
  const uid = await uidOf(connection, subject, patience);
  let seen: Answer | string = 'nothing';
  for (let restart = 0; restart < RESTARTS; restart += 1) {
    const path = eventPath(subject.namespace, event.name);
    seen = await ask((signal) => connection.get(path, JSON_TYPE, signal));
    const change = isStatus(seen, 404) ? newEvent(event, uid) : countedUp(event, bodyOf(seen), uid);
    if (!change) break;
    const { namespace } = subject;
    seen = await ask((signal) => connection.writeEvent({ ...change, namespace }, signal));
    if (isStatus(seen, 200) || isStatus(seen, 201)) return;
    if (!isStatus(seen, 404) && !isStatus(seen, 409)) break;
  }
  throw notWritten(event, seen);
}

interface Change {
  readonly method: 'POST' | 'PATCH';
  readonly name?: string;
  readonly body: JsonObject;
}

function newEvent({ name, subject, at, ...event }: WrittenEvent, uid: string | undefined): Change {
  const involvedObject = { apiVersion: 'batch/v1', kind: 'CronJob', ...subject, ...(uid && { uid }) };
  return {
    method: 'POST',
    body: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace: subject.namespace },
      involvedObject,
      ...event,
      source: { component: COMPONENT },
      firstTimestamp: timestamp(at),
      lastTimestamp: timestamp(at),
      count: 1,
    },
  };
}

function countedUp(
  { name, message, at }: WrittenEvent,
  known: JsonObject | undefined,
  uid: string | undefined,
): Change | undefined {
  if (!known || !isObject(known.metadata)) return undefined;
  const { resourceVersion } = known.metadata;
  const lastTimestamp = timestamp(at);
  const body = { metadata: { resourceVersion }, message, count: countOf(known) + 1, lastTimestamp };
  const before = uidOfSubject(known);
  if (uid === undefined || uid === before) return { method: 'PATCH', name, body };
  const first = before === undefined ? {} : { count: 1, firstTimestamp: lastTimestamp };
  return { method: 'PATCH', name, body: { ...body, involvedObject: { uid }, ...first } };
}

function countOf({ count }: JsonObject): number {
  return typeof count === 'number' ? count : 0;
}

function uidOfSubject({ involvedObject }: JsonObject): unknown {
  return isObject(involvedObject) ? involvedObject.uid : undefined;
}

/** As Events have it: without fractions of a second. */
function timestamp(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Whoever may list CronJobs finds one so, and needs no right to get it. */
function cronJobPath({ namespace, name }: EventSubject): string {
  const selector = encodeURIComponent(`metadata.name=${name}`);
  return `/apis/batch/v1/namespaces/${encodeURIComponent(namespace)}/cronjobs?fieldSelector=${selector}`;
}

/** `kubectl describe` shows Events of an object by its uid. One without is shown by `kubectl get events` alone. */
async function uidOf(
  connection: Connection,
  subject: EventSubject,
  { deadline }: Patience,
): Promise<string | undefined> {
  const answer = await askPatiently(
    connection,
    (signal) => connection.get(cronJobPath(subject), JSON_TYPE, signal),
    { deadline: Math.min(deadline, Date.now() + UID_LIMIT) },
  );
  const { items } = bodyOf(answer) ?? {};
  const [cronJob] = Array.isArray(items) ? items.filter(isObject) : [];
  const metadata = cronJob?.metadata;
  return isObject(metadata) && typeof metadata.uid === 'string' ? metadata.uid : undefined;
}

function isStatus(answer: Answer | string, status: number): boolean {
  return typeof answer !== 'string' && answer.status === status;
}

function bodyOf(answer: Answer | string): JsonObject | undefined {
  if (typeof answer === 'string' || answer.status !== 200) return undefined;
  try {
    const body: unknown = JSON.parse(answer.text);
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function notWritten({ name, subject: { namespace } }: WrittenEvent, seen: Answer | string): BulwarkError {
  const why = typeof seen === 'string' ? seen : `status ${seen.status}`;
  return new BulwarkError(
    `--event: the Event ${namespace}/${name} could not be written: ${why}. Look whether the namespace is there, and grant create of events in it, with get and patch of this one.`,
  );
}
