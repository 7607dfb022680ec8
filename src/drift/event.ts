import { SEVERITIES } from '../controls/control';
import { counted, printable } from '../wording';
import type { DriftFinding } from './drift';
import type { DriftReport } from './report';

/** How a comparison ended, as the reason of an Event. */
export type DriftReason = 'DriftFound' | 'NoDrift' | 'DriftUnknown';

/** What an Event says of a comparison. */
export interface DriftEvent {
  readonly reason: DriftReason;
  readonly type: 'Normal' | 'Warning';
  /** At most {@link LONGEST_MESSAGE} bytes, and nothing of what is in an object but its kind and name. */
  readonly message: string;
}

const REASONS: readonly DriftReason[] = ['DriftFound', 'NoDrift', 'DriftUnknown'];

/** Bytes that the API server takes of the note of an Event (events.k8s.io/v1). */
export const LONGEST_MESSAGE = 1024;

const ELLIPSIS = '…';

/** What an Event says of a report, or of the reason why there is none. */
export function driftEvent(outcome: DriftReport | Error): DriftEvent {
  const [reason, lead] = verdictOf(outcome);
  const details = outcome instanceof Error ? [] : detailsOf(outcome);
  return {
    reason,
    type: reason === 'NoDrift' ? 'Normal' : 'Warning',
    message: joined(printable(lead), details.map(printable)),
  };
}

/**
 * The names of the Events about an object. There is one for each reason, which every run with that result brings up to date, so
 * that a role can be limited to them.
 */
export function driftEventName(object: string, reason: DriftReason): string {
  return `${object}.${reason.toLowerCase()}`;
}

/** All names of Events about an object. */
export function driftEventNames(object: string): string[] {
  return REASONS.map((reason) => driftEventName(object, reason));
}

function verdictOf(outcome: DriftReport | Error): [DriftReason, string] {
  if (outcome instanceof Error) return ['DriftUnknown', outcome.message.replaceAll(/\s+/g, ' ')];
  const { complete, findings, proof, declared, live } = outcome;
  const found = counted(findings.length, 'finding');
  if (!complete) return ['DriftUnknown', `Not everything could be read; ${found} so far.`];
  if (findings.length === 0 && proof?.holds !== false) {
    return ['NoDrift', `${declared} declared objects are there as declared, among ${live} live ones.`];
  }
  const broken = proof?.holds === false ? ' The proof does not hold.' : '';
  return ['DriftFound', `${found} about ${declared} declared and ${live} live objects.${broken}`];
}

/** The worst first, since the end may not fit. */
function detailsOf({ findings, proof }: DriftReport): string[] {
  const worst = [...findings].sort((a, b) => rank(a) - rank(b));
  return [
    ...worst.map(({ kind, object: { kind: of, namespace, name } }) =>
      [kind, of, quoted(namespace === undefined ? name : `${namespace}/${name}`)].join(' '),
    ),
    ...(proof?.counterExamples ?? []).map(
      ({ through }) => `way through ${PLAIN_WORDS.test(through) ? through : JSON.stringify(through)}`,
    ),
  ];
}

const PLAIN = /^[a-zA-Z0-9._:/-]+$/;
const PLAIN_WORDS = /^[a-zA-Z0-9._:/ -]+$/;

/** A name of RBAC may be any text, such as one that reads like a list of findings. */
function quoted(name: string): string {
  return PLAIN.test(name) ? name : JSON.stringify(name);
}

function rank({ severity }: DriftFinding): number {
  return SEVERITIES.indexOf(severity);
}

/** As many details as fit, each whole. */
function joined(lead: string, details: readonly string[]): string {
  let message = cut(lead, LONGEST_MESSAGE);
  for (const [index, detail] of details.entries()) {
    const longer = `${message}${index === 0 ? ' ' : ', '}${detail}`;
    const rest = details.length - index - 1;
    if (bytes(longer) + (rest > 0 ? bytes(andMore(rest)) : 0) > LONGEST_MESSAGE) {
      return `${message}${andMore(details.length - index)}`;
    }
    message = longer;
  }
  return message;
}

function andMore(count: number): string {
  return ` and ${count} more`;
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

function cut(text: string, limit: number): string {
  if (bytes(text) <= limit) return text;
  const kept = [...text.slice(0, limit)];
  while (bytes(kept.join('')) > limit - bytes(ELLIPSIS)) kept.pop();
  return `${kept.join('')}${ELLIPSIS}`;
}
