import * as fc from 'fast-check';
import { compareObjects, type Step } from '../../../src/drift/compare';
import { findDrift } from '../../../src/drift/drift';
import type { Manifest } from '../../../src/manifest/manifest';
import { completed, deployment } from './completed';

const RUNS = Number(process.env.BULWARK_RUNS ?? 200);

/** By these, items of lists are told apart: one that has another is another item. */
const KEYS =
  /^(containers\/\d+\/name|env\/\d+\/name|ports\/\d+\/containerPort|volumes\/\d+\/name|volumeMounts\/\d+\/mountPath)$/;

interface Leaf {
  readonly path: readonly Step[];
  readonly value: unknown;
}

/** Whatever somebody declared and can be changed by itself. */
function leavesOf(manifest: Manifest): Leaf[] {
  const found: Leaf[] = [];
  const visit = (value: unknown, path: readonly Step[]): void => {
    if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...path, index]));
    else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) visit(member, [...path, key]);
    } else found.push({ path, value });
  };
  visit(manifest.metadata?.labels ?? {}, ['metadata', 'labels']);
  visit(manifest.spec, ['spec']);
  return found;
}

function isKey(path: readonly Step[]): boolean {
  return KEYS.test(path.slice(-3).join('/'));
}

function holderOf(manifest: any, path: readonly Step[]): any {
  return path.slice(0, -1).reduce((at, step) => at[step], manifest);
}

function other(value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  return typeof value === 'number' ? value + 1 : `${String(value)}9`;
}

/** A Deployment, its live copy, and one of the leaves of both. */
const withLeaf = deployment.chain((declared) =>
  fc.constantFrom(...leavesOf(declared)).map((leaf) => ({ declared, leaf, live: completed(declared) })),
);

/** What a client of the API server does with a JSON patch (RFC 6902), as far as fixes go. */
function patched(manifest: any, operations: readonly any[]): any {
  const result = structuredClone(manifest);
  for (const { op, path, value } of operations) {
    const steps = path
      .split('/')
      .slice(1)
      .map((step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const holder = holderOf(result, steps);
    const last = steps.at(-1);
    if (op === 'remove') {
      if (Array.isArray(holder)) holder.splice(Number(last), 1);
      else delete holder[last];
    } else if (op === 'add' && Array.isArray(holder))
      holder.splice(last === '-' ? holder.length : Number(last), 0, value);
    else holder[last] = value;
  }
  return result;
}

describe('an object and its live copy', () => {
  it('are the same when nothing but the API server has completed it', () => {
    fc.assert(
      fc.property(deployment, (declared) => {
        expect(compareObjects(declared, completed(declared))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('differ in the one place that somebody has changed', () => {
    fc.assert(
      fc.property(withLeaf, ({ declared, leaf: { path, value }, live }) => {
        holderOf(live, path)[path.at(-1)!] = other(value);
        const found = compareObjects(declared, live);
        if (isKey(path)) {
          const list = path.slice(0, -2);
          expect(found.map(({ kind }) => kind).sort()).toEqual(['added', 'removed']);
          for (const one of found) expect(one.path.slice(0, -1)).toEqual(list);
        } else expect(found.map((one) => one.path)).toEqual([path]);
      }),
      { numRuns: RUNS },
    );
  });

  it('differ in what somebody has added that the API server would not write', () => {
    const ADDED: readonly (readonly [readonly Step[], unknown])[] = [
      [['spec', 'template', 'spec', 'hostPID'], true],
      [['spec', 'template', 'spec', 'nodeName'], 'one'],
      [['spec', 'template', 'spec', 'containers', 0, 'stdin'], true],
      [
        ['spec', 'template', 'spec', 'containers', 0, 'lifecycle'],
        { preStop: { exec: { command: ['sh'] } } },
      ],
      [['spec', 'paused'], true],
      [['metadata', 'labels', 'pod-security.kubernetes.io/enforce'], 'privileged'],
    ];
    fc.assert(
      fc.property(deployment, fc.constantFrom(...ADDED), (declared, [path, value]) => {
        const live = completed(declared);
        holderOf(live, path)[path.at(-1)!] = value;
        expect(compareObjects(declared, live)).toEqual([{ path, kind: 'added', live: value }]);
      }),
      { numRuns: RUNS },
    );
  });

  it('are the same again after the patch that the finding tells', () => {
    fc.assert(
      fc.property(withLeaf, ({ declared, leaf: { path, value }, live }) => {
        // What may be a credential is taken out of the file, and a name that is another is another item.
        if (path.some((step) => step === 'env' || step === 'args')) return;
        holderOf(live, path)[path.at(-1)!] = other(value);
        const [finding, ...more] = findDrift({ declared: [declared], live: [live] });
        expect(more).toEqual([]);
        const [, patch] = /--type=json -p '(.*)' \S+$/.exec(finding!.fix) ?? [];
        expect(compareObjects(declared, patched(live, JSON.parse(patch!)))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });
});
