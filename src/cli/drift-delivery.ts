import fs from 'node:fs';
import { driftEvent, driftEventName } from '../drift/event';
import { driftMetrics, lastSuccessOf, type DriftRun } from '../drift/metrics';
import type { DriftReport } from '../drift/report';
import { BulwarkError } from '../errors';
import type { Connection } from './kube/connection';
import { writeEvent, type EventSubject } from './kube/event-writer';
import { writeWhole } from './private-files';
import { pushAddress, pushMetrics } from './push';

/** Where a result goes beside standard output, as it is typed. */
export interface DeliveryOptions {
  /** File for metrics. @default none */
  readonly metrics?: string;
  /** Address of a Pushgateway. @default none */
  readonly push?: string;
  /** `NAMESPACE/CRONJOB`. @default no Event is written */
  readonly event?: string;
}

/** Where a result goes beside standard output. */
export interface Delivery {
  readonly file?: string;
  readonly address?: string;
  readonly subject?: EventSubject;
}

/** Milliseconds that are left for an Event, whatever became of the comparison. */
const EVENT_LIMIT = 20_000;

/** @throws BulwarkError for an option that is not written as it has to be. */
export function deliveryOf({ metrics, push, event }: DeliveryOptions): Delivery {
  return {
    ...(metrics !== undefined && { file: metrics }),
    ...(push !== undefined && { address: pushAddress(push) }),
    ...(event !== undefined && { subject: parseCronJob(event, '--event') }),
  };
}

/** Writes and pushes metrics. @returns what could not be delivered. */
export async function deliverMetrics(run: DriftRun, { file, address }: Delivery): Promise<string[]> {
  return [
    ...(await failuresOf(file !== undefined, () => writeMetrics(file!, run))),
    ...(await failuresOf(address !== undefined, () => pushMetrics(address!, driftMetrics(run)))),
  ];
}

/** Writes an Event about what was found, or about why nothing could be. @returns what could not be delivered. */
export function deliverEvent(
  connection: Connection,
  outcome: DriftReport | BulwarkError,
  { subject }: Delivery,
): Promise<string[]> {
  return failuresOf(subject !== undefined, () => {
    const event = driftEvent(outcome);
    const name = driftEventName(subject!.name, event.reason);
    const at = new Date();
    return writeEvent(
      connection,
      { ...event, name, subject: subject!, at },
      { deadline: at.getTime() + EVENT_LIMIT },
    );
  });
}

/** One way to deliver that fails keeps nobody from trying the others. */
async function failuresOf(isAsked: boolean, deliver: () => Promise<void> | void): Promise<string[]> {
  if (!isAsked) return [];
  try {
    await deliver();
    return [];
  } catch (error) {
    if (error instanceof BulwarkError) return [error.message];
    throw error;
  }
}

/** A failure tells when the last success was, which only the file remembers. */
function writeMetrics(file: string, run: DriftRun): void {
  const lastSuccess = lastSuccessOf(textOf(file));
  const text = driftMetrics({ ...run, ...(lastSuccess !== undefined && { lastSuccess }) });
  writeWhole(file, text, 'Name another file with --metrics');
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    // That it cannot be written is said where it is.
    return '';
  }
}

const CRON_JOB = /^([a-z0-9][a-z0-9-]*)\/([a-z0-9][a-z0-9.-]*)$/;

/** @throws BulwarkError for what is not `NAMESPACE/CRONJOB`. */
export function parseCronJob(typed: string, option: string): EventSubject {
  const [, namespace, name] = CRON_JOB.exec(typed) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  throw new BulwarkError(
    `${option}: '${typed}' is no CronJob. Write its namespace and name, such as monitoring/drift-watch.`,
  );
}
