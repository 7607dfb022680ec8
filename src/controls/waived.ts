import { push } from '../groups';
import type { Manifest } from '../manifest/manifest';
import type { Finding } from './check';
import type { Control, WaiverControl } from './control';
import {
  isDay,
  isExpired,
  isUnderstandable,
  WAIVER_ANNOTATION,
  waiverField,
  waiversOf,
  type Waiver,
} from './waiver';

/** A waiver from a file, with the objects it is for. */
export interface FileWaiver extends Waiver {
  /** @default any */
  readonly kind?: string;
  /** @default any */
  readonly namespace?: string;
  /** @default any */
  readonly name?: string;
  /** The entry of the file, as the object that a finding about it names. */
  readonly entry: Manifest;
}

/** What {@link applyWaivers} goes by. */
export interface WaiverOptions {
  /** The controls that were asked: a waiver of another one is neither used nor unused. */
  readonly controls: readonly Control[];
  readonly fileWaivers: readonly FileWaiver[];
  /** Ids of every control there is. */
  readonly known: ReadonlySet<string>;
  /** The day on which expiry is judged. */
  readonly now: Date;
}

/** Rules about waivers: an exception that nobody can understand, or that is over, or that excuses nothing, misleads. */
export const WAIVER_CONTROLS: readonly WaiverControl[] = [
  {
    id: 'waiver-in-force',
    title: 'No waiver has expired',
    why: 'A waiver was granted for a time. After it the risk is taken by nobody.',
    severity: 'high',
    references: [{ standard: 'OWASP K8s 2025', id: 'K04' }],
    scope: 'waiver',
    fix: 'Meet the control and remove the waiver, or agree on a new date.',
    examples: {
      fails: waivedPod('the vendor mends this in version 3; expires 2020-01-31'),
      passes: waivedPod('the vendor mends this in version 3'),
    },
  },
  {
    id: 'waiver-reasoned',
    title: 'Every waiver names a control and a reason',
    why: 'A waiver without a reason cannot be reviewed, and one that misspells its control excuses nothing.',
    severity: 'medium',
    references: [{ standard: 'OWASP K8s 2025', id: 'K04' }],
    scope: 'waiver',
    fix: 'Write the reason in 10 characters or more, and the id as `bulwark controls` lists it.',
    examples: { fails: waivedPod('because'), passes: waivedPod('the vendor mends this in version 3') },
  },
  {
    id: 'waiver-used',
    title: 'Every waiver excuses something',
    why: 'A waiver that is left behind excuses the next mistake, which nobody has reviewed.',
    severity: 'low',
    references: [{ standard: 'OWASP K8s 2025', id: 'K04' }],
    scope: 'waiver',
    fix: 'Remove the waiver.',
    examples: {
      fails: waivedPod('the vendor mends this in version 3', true),
      passes: waivedPod('the vendor mends this in version 3'),
    },
  },
];

/** Marks the findings that a waiver excuses, and adds a finding for each waiver that is expired, unreasoned or unused. */
export function applyWaivers(
  findings: readonly Finding[],
  manifests: readonly Manifest[],
  options: WaiverOptions,
): Finding[] {
  const waivers = [...annotated(manifests), ...options.fileWaivers.map(fromFile)];
  const valid = waivers.filter(({ waiver }) => !waiverFault(waiver, options));
  const lookup = lookupOf(valid);
  const used = new Set<PlacedWaiver>();
  const marked = findings.map((finding) => {
    const waiver = lookup(finding);
    if (!waiver) return finding;
    used.add(waiver);
    return { ...finding, waiver: waiver.waiver };
  });
  const asked = new Set(options.controls.map(({ id }) => id));
  return [...marked, ...waivers.flatMap((waiver) => judgeWaiver(waiver, used.has(waiver), asked, options))];
}

interface PlacedWaiver {
  readonly waiver: Waiver;
  /** What a finding about the waiver names. */
  readonly manifest: Manifest;
  readonly field: string;
  /** Whether it is an annotation of the one object that it excuses. */
  readonly isOwn: boolean;
  readonly excuses: (manifest: Manifest) => boolean;
}

function annotated(manifests: readonly Manifest[]): PlacedWaiver[] {
  return manifests.flatMap(waiversOf).map(({ object, ...waiver }) => ({
    waiver,
    manifest: object,
    field: waiverField(waiver),
    isOwn: true,
    excuses: (other) => other === object,
  }));
}

function fromFile(waiver: FileWaiver): PlacedWaiver {
  const { kind, namespace, name, entry } = waiver;
  const excuses = (manifest: Manifest) =>
    (kind ?? manifest.kind) === manifest.kind &&
    (namespace ?? manifest.metadata?.namespace) === manifest.metadata?.namespace &&
    (name ?? manifest.metadata?.name) === manifest.metadata?.name;
  return { waiver, manifest: entry, field: 'control', isOwn: false, excuses };
}

/** Finds the waiver for a finding among those of its control only, so that many waivers cost little. */
function lookupOf(waivers: readonly PlacedWaiver[]): (finding: Finding) => PlacedWaiver | undefined {
  const own = new Map<Manifest, Map<string, PlacedWaiver>>();
  const others = new Map<string, PlacedWaiver[]>();
  for (const waiver of waivers) {
    const { control } = waiver.waiver;
    if (waiver.isOwn) {
      own.set(
        waiver.manifest,
        (own.get(waiver.manifest) ?? new Map<string, PlacedWaiver>()).set(control, waiver),
      );
    } else {
      push(others, control, waiver);
    }
  }
  return ({ control, manifest }) =>
    own.get(manifest)?.get(control.id) ?? others.get(control.id)?.find((waiver) => waiver.excuses(manifest));
}

function judgeWaiver(
  placed: PlacedWaiver,
  isUsed: boolean,
  asked: ReadonlySet<string>,
  options: FaultOptions,
): Finding[] {
  const { waiver } = placed;
  const fault = waiverFault(waiver, options);
  if (fault) return [finding(placed, fault)];
  if (isUsed || !asked.has(waiver.control)) return [];
  return [finding(placed, unusedFault(waiver))];
}

/** A rule about waivers that one of them breaks. */
export interface WaiverFault {
  readonly control: WaiverControl;
  /** What is wrong, as a sentence without its full stop. */
  readonly message: string;
}

/** What a waiver is judged by. */
export type FaultOptions = Pick<WaiverOptions, 'known' | 'now'>;

/** What is wrong with a waiver in itself, so that it excuses nothing; undefined for one that is in order. */
export function waiverFault(waiver: Waiver, { known, now }: FaultOptions): WaiverFault | undefined {
  const { control, reason, expires } = waiver;
  if (!known.has(control)) return fault('waiver-reasoned', `It waives '${control}', which is no control`);
  if (!isUnderstandable(reason))
    return fault('waiver-reasoned', `The waiver of '${control}' has no reason that could be reviewed`);
  if (expires !== undefined && !isDay(expires))
    return fault('waiver-in-force', `The waiver of '${control}' expires on '${expires}', which is no day`);
  if (isExpired(waiver, now))
    return fault('waiver-in-force', `The waiver of '${control}' expired on ${expires}`);
  return undefined;
}

/** That a waiver is not needed. */
export function unusedFault({ control }: Waiver): WaiverFault {
  return fault('waiver-used', `The waiver of '${control}' excuses nothing`);
}

function fault(id: string, message: string): WaiverFault {
  return { control: WAIVER_CONTROLS.find((candidate) => candidate.id === id)!, message };
}

function finding({ manifest, field }: PlacedWaiver, { control, message }: WaiverFault): Finding {
  return { control, manifest, field, message, fix: control.fix };
}

/** A pod in the node's process namespace or not, with a waiver of a control that the former breaks. */
function waivedPod(waiver: string, isHardened = false): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'legacy',
      namespace: 'shop',
      annotations: { [`${WAIVER_ANNOTATION}no-host-pid`]: waiver },
    },
    spec: {
      ...(!isHardened && { hostPID: true }),
      containers: [{ name: 'legacy', image: 'registry.example/legacy:1.0.0' }],
    },
  };
}
