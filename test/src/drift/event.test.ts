import type { DriftFinding } from '../../../src/drift/drift';
import { driftEvent, driftEventNames, LONGEST_MESSAGE } from '../../../src/drift/event';
import type { DriftReport } from '../../../src/drift/report';
import { BulwarkError } from '../../../src/errors';

const finding = (name: string, severity: DriftFinding['severity'] = 'high'): DriftFinding => ({
  kind: 'changed',
  severity,
  object: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name },
  message: `Service shop/${name} is not what was declared`,
  changes: [{ field: 'spec.type', kind: 'changed', live: '"in-the-object"' }],
  by: [],
  fix: 'kubectl patch',
});
const report = (findings: readonly DriftFinding[], rest: Partial<DriftReport> = {}): DriftReport => ({
  server: 'https://192.0.2.1',
  complete: true,
  declared: 120,
  live: 345,
  proof: { holds: true, counterExamples: [] },
  findings,
  ...rest,
});
const broken = {
  holds: false,
  counterExamples: [{ what: 'in-the-object', through: 'RoleBinding shop/backdoor' }],
};

describe('the Event about a comparison', () => {
  it.each<[string, DriftReport | Error, object]>([
    [
      'no drift',
      report([]),
      {
        reason: 'NoDrift',
        type: 'Normal',
        message: '120 declared objects are there as declared, among 345 live ones.',
      },
    ],
    [
      'drift, the worst first',
      report([finding('door'), finding('wall', 'critical')], { proof: broken }),
      {
        reason: 'DriftFound',
        type: 'Warning',
        message:
          '2 findings about 120 declared and 345 live objects. The proof does not hold. ' +
          'changed Service shop/wall, changed Service shop/door, way through RoleBinding shop/backdoor',
      },
    ],
    [
      'a proof that does not hold',
      report([], { proof: broken }),
      {
        reason: 'DriftFound',
        type: 'Warning',
        message:
          '0 findings about 120 declared and 345 live objects. The proof does not hold. way through RoleBinding shop/backdoor',
      },
    ],
    [
      'an incomplete result',
      report([], { complete: false, proof: undefined }),
      {
        reason: 'DriftUnknown',
        type: 'Warning',
        message: 'Not everything could be read; 0 findings so far.',
      },
    ],
    [
      'a failure',
      new BulwarkError('The server\n  does not answer.'),
      { reason: 'DriftUnknown', type: 'Warning', message: 'The server does not answer.' },
    ],
  ])('tells of %s', (_title, outcome, expected) => {
    expect(driftEvent(outcome)).toEqual(expected);
  });

  it('fits into what the API server takes, and says how much is left out', () => {
    const many = Array.from({ length: 500 }, (_, index) => finding(`front-end-${index}`));
    const { message } = driftEvent(report(many));
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(LONGEST_MESSAGE);
    expect(Buffer.byteLength(message)).toBeGreaterThan(LONGEST_MESSAGE - 50);
    const [, left] = / and (\d+) more$/.exec(message) ?? [];
    expect(message.match(/changed Service/g)!.length + Number(left)).toBe(500);
  });

  it('fits also where its text takes several bytes a letter', () => {
    for (const letter of ['é', '€', '😀']) {
      const { message } = driftEvent(new BulwarkError(letter.repeat(2000)));
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(LONGEST_MESSAGE);
      expect(message).toMatch(new RegExp(`^(${letter})+…$`, 'u'));
    }
  });

  it('holds nothing that a terminal obeys or a reader does not see', () => {
    const hostile = 'a\u001b[2J\u202eb\u200b\u2028c\ud800';
    expect(driftEvent(report([finding(hostile)])).message).toContain(
      'shop/a\\u001b[2J\uFFFDb\uFFFD\uFFFDc\\ud800',
    );
  });

  it('quotes names that read like a list of findings', () => {
    const { message } = driftEvent(report([finding('a, missing Namespace kube-system')]));
    expect(message).toContain('"shop/a, missing Namespace kube-system"');
    const through = 'ClusterRoleBinding a, missing Namespace kube-system';
    const proof = { holds: false, counterExamples: [{ what: 'in-the-object', through }] };
    expect(driftEvent(report([], { proof })).message).toContain(`way through "${through}"`);
  });

  it('has a name for each reason, so that a role can be limited to them', () => {
    expect(driftEventNames('drift-watch')).toEqual([
      'drift-watch.driftfound',
      'drift-watch.nodrift',
      'drift-watch.driftunknown',
    ]);
  });
});
