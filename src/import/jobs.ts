import type { Props } from './made';
import { Unsaid, type Patch, type Reading } from './reading';
import { call, seconds, verbatim, type Code } from './source-text';

/** How often and how long a Job tries. @param isScheduled Whether a CronJob makes it */
export function jobProps(job: Reading, isScheduled: boolean): Props {
  job.expect('completions', 1);
  job.expect('parallelism', 1);
  job.expect('completionMode', 'NonIndexed');
  job.expect('suspend', false);
  // cdk8s-plus takes it of a CronJob only without its history.
  if (isScheduled) job.leave('ttlSecondsAfterFinished');
  const duration = (key: string): Code | undefined => {
    const value = job.number(key);
    return value === undefined ? undefined : seconds(value);
  };
  return {
    activeDeadline: duration('activeDeadlineSeconds'),
    backoffLimit: job.number('backoffLimit'),
    ttlAfterFinished: isScheduled ? undefined : duration('ttlSecondsAfterFinished'),
  };
}

/** When a CronJob makes its Jobs. @throws Unsaid for a schedule that is not of five fields */
export function scheduleProps(spec: Reading, patches: Patch[]): Props {
  return {
    schedule: schedule(spec),
    timeZone: spec.text('timeZone'),
    concurrencyPolicy: concurrency(spec),
    startingDeadline: startingDeadline(spec, patches),
    suspend: spec.flag('suspend') === true ? true : undefined,
    successfulJobsRetained: unless(spec.number('successfulJobsHistoryLimit'), 3),
    failedJobsRetained: unless(spec.number('failedJobsHistoryLimit'), 1),
  };
}

function unless(value: number | undefined, standard: number): number | undefined {
  return value === standard ? undefined : value;
}

const FIELDS = ['minute', 'hour', 'day', 'month', 'weekDay'] as const;

function schedule(spec: Reading): Code {
  const fields = spec.text('schedule')?.split(' ') ?? [];
  if (fields.length !== FIELDS.length || fields.includes('')) throw new Unsaid('spec.schedule');
  const named = FIELDS.map((name, index): [string, Code] => [name, fields[index]!]);
  return call('Cron.schedule', Object.fromEntries(named.filter(([, field]) => field !== '*')));
}

const POLICIES = {
  Allow: 'ConcurrencyPolicy.ALLOW',
  Replace: 'ConcurrencyPolicy.REPLACE',
  Forbid: undefined,
};

/** cdk8s-plus forbids what the API server allows. */
function concurrency(spec: Reading): Code | undefined {
  const policy = spec.text('concurrencyPolicy');
  if (policy === undefined) return verbatim('ConcurrencyPolicy.ALLOW');
  if (!Object.hasOwn(POLICIES, policy)) throw new Unsaid('spec.concurrencyPolicy');
  const code = POLICIES[policy as keyof typeof POLICIES];
  return code === undefined ? undefined : verbatim(code);
}

/** cdk8s-plus lets a Job be missed after ten seconds, and takes no shorter time. */
function startingDeadline(spec: Reading, patches: Patch[]): Code | undefined {
  const deadline = spec.number('startingDeadlineSeconds');
  if (deadline === undefined) patches.push({ op: 'remove', path: '/spec/startingDeadlineSeconds' });
  if (deadline === undefined || deadline === 10) return undefined;
  if (deadline > 10) return seconds(deadline);
  patches.push({ op: 'add', path: '/spec/startingDeadlineSeconds', value: deadline });
  return undefined;
}
