import fc from 'fast-check';
import { auditProblems } from '../../../src/control-plane/audit-lint';
import {
  AUDIT_LEVELS,
  auditDecision,
  type AuditPolicy,
  type AuditRule,
} from '../../../src/control-plane/audit-policy';
import { gradedAuditPolicy } from '../../../src/control-plane/graded-audit-policy';

const policyOf = (...rules: AuditRule[]): AuditPolicy => ({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  rules,
});
const messages = (...rules: AuditRule[]) =>
  auditProblems(policyOf(...rules)).map(({ rule, message }) => `${rule + 1}: ${message.split(':')[0]}`);

describe('the graded audit policy', () => {
  const level = (verb: string, resource: string, group = '', user = 'alice') => {
    const [name = '', subresource] = resource.split('/');
    const target = { group, resource: name, ...(subresource && { subresource }), namespace: 'shop' };
    return auditDecision(gradedAuditPolicy(), { user, groups: ['system:authenticated'], verb, target }).level;
  };

  it.each([
    ['get', 'secrets', '', 'Metadata'],
    ['update', 'secrets', '', 'Metadata'],
    ['create', 'serviceaccounts/token', '', 'Metadata'],
    ['create', 'tokenreviews', 'authentication.k8s.io', 'Metadata'],
    ['create', 'pods/exec', '', 'Request'],
    ['create', 'pods/attach', '', 'Request'],
    ['patch', 'pods/ephemeralcontainers', '', 'Request'],
    ['create', 'rolebindings', 'rbac.authorization.k8s.io', 'RequestResponse'],
    ['delete', 'validatingadmissionpolicies', 'admissionregistration.k8s.io', 'RequestResponse'],
    ['patch', 'networkpolicies', 'networking.k8s.io', 'RequestResponse'],
    ['patch', 'namespaces', '', 'RequestResponse'],
    ['create', 'deployments', 'apps', 'Request'],
    ['list', 'pods', '', 'Metadata'],
    ['create', 'events', '', 'None'],
  ])('logs %s of %s (%s) at level %s', (verb, resource, group, expected) => {
    expect(level(verb, resource, group)).toBe(expected);
  });

  it('has no rule that cannot decide, and none that would log a credential', () => {
    expect(auditProblems(gradedAuditPolicy())).toEqual([]);
  });
});

describe('what is wrong with an audit policy', () => {
  const everything: AuditRule = { level: 'Metadata' };
  const secrets: AuditRule = {
    level: 'Metadata',
    resources: [{ resources: ['secrets', 'serviceaccounts/token'] }],
  };
  const reviews: AuditRule = { level: 'Metadata', resources: [{ group: 'authentication.k8s.io' }] };
  const bodies: AuditRule = { level: 'RequestResponse' };

  it('is a rule after one that matches all that it matches', () => {
    expect(messages(everything, secrets)).toEqual([
      '2: never decides, since rule 1 matches everything that it matches',
    ]);
    expect(messages(secrets, everything)).toEqual([]);
  });

  it('is a rule that logs credentials, wherever it stands', () => {
    expect(messages(bodies)).toEqual([
      '1: logs the bodies of secrets, which are credentials',
      '1: logs the bodies of serviceaccounts/token, which are credentials',
      '1: logs the bodies of tokenreviews, which are credentials',
    ]);
    expect(messages(secrets, reviews, bodies)).toEqual([]);
    expect(messages({ ...secrets, users: ['alice'] }, reviews, bodies)).toHaveLength(2);
  });

  it.each<[string, AuditRule]>([
    ['a level that does not exist', { level: 'All' as never }],
    [
      'paths beside resources',
      { level: 'None', nonResourceURLs: ['/x'], resources: [{ resources: ['pods'] }] },
    ],
    ['a path without a slash', { level: 'None', nonResourceURLs: ['healthz'] }],
    ['a star within a path', { level: 'None', nonResourceURLs: ['/a*b'] }],
    ['a group with its version', { level: 'None', resources: [{ group: 'apps/v1' }] }],
    ['names without a resource', { level: 'None', resources: [{ resourceNames: ['x'] }] }],
    ['a stage that does not exist', { level: 'None', omitStages: ['Never' as never] }],
  ])('is %s', (_what, rule) => {
    expect(auditProblems(policyOf(rule))).toHaveLength(1);
  });

  it('never calls a rule useless that decides some request', () => {
    const word = (...words: string[]) => fc.subarray(words);
    const rule: fc.Arbitrary<AuditRule> = fc.record(
      {
        level: fc.constantFrom(...AUDIT_LEVELS),
        users: word('a', 'b'),
        userGroups: word('g', 'h'),
        verbs: word('get', 'create'),
        namespaces: word('', 'n'),
        resources: fc.array(
          fc.record(
            {
              group: fc.constantFrom('', 'apps'),
              resources: word('pods', 'pods/log', '*', '*/log', 'pods/*', 'secrets'),
            },
            { requiredKeys: [] },
          ),
          { maxLength: 2 },
        ),
      },
      { requiredKeys: ['level'] },
    );
    const request = fc.record({
      user: fc.constantFrom('a', 'b', 'c'),
      groups: word('g', 'h', 'i'),
      verb: fc.constantFrom('get', 'create', 'list'),
      target: fc.oneof(
        fc.record({
          group: fc.constantFrom('', 'apps'),
          resource: fc.constantFrom('pods', 'secrets'),
          subresource: fc.constantFrom('', 'log'),
          namespace: fc.constantFrom('', 'n', 'm'),
        }),
        fc.record({ path: fc.constantFrom('/healthz', '/x') }),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 5 }),
        fc.array(request, { maxLength: 30 }),
        (rules, requests) => {
          const useless = auditProblems(policyOf(...rules))
            .filter(({ message }) => message.startsWith('never decides'))
            .map(({ rule: at }) => at);
          const deciding = requests.map((asked) => auditDecision(policyOf(...rules), asked).rule);
          expect(useless.filter((at) => deciding.includes(at))).toEqual([]);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
