import fs from 'node:fs';
import path from 'node:path';
import { alertGroups, type AlertOptions, type AlertRule } from '../../../src/alerts/rules';
import { ClusterTarget } from '../../../src/target/target';
import {
  checkRules,
  describeWithPromtool,
  expectAllWell,
  testRules,
  type RuleTest,
} from '../../support/promtool';
import { CASES, COURSES, VARIANTS, type AlertCase, type AlertCourse } from './cases';

const RUNBOOKS = path.join(__dirname, '../../../docs/runbooks');
const RULES = Object.fromEntries(
  Object.entries(VARIANTS).map(([name, options]) => [name, alertGroups(options)]),
);
const rulesOf = (options: AlertOptions) => alertGroups(options).flatMap(({ rules }) => rules);
const namesOf = (options: AlertOptions) => rulesOf(options).map(({ alert }) => alert);
const EVERY = [...new Set(Object.values(VARIANTS).flatMap(namesOf))].sort();

describeWithPromtool('rules of Prometheus', () => {
  it.each(Object.keys(VARIANTS))('are accepted by promtool: %s', (name) => {
    const { status, output } = checkRules(RULES[name]!);
    expect(output).toMatch(/SUCCESS: \d+ rules found/);
    expect(status).toBe(0);
  });

  it('are raised when they should be, with their labels and descriptions, and not otherwise', () => {
    expectAllWell(testRules(CASES.flatMap(testsOf)));
  });

  it('about drift go on as long as no run has looked everywhere', () => {
    expectAllWell(testRules(COURSES.map(testOfCourse)));
  });

  it('are tried in both directions, each of them', () => {
    const tried = (variant: string) =>
      CASES.filter(({ rules }) => rules === variant).map(({ alert }) => alert);
    expect([...new Set(CASES.map(({ alert }) => alert))].sort()).toEqual(EVERY);
    for (const { alert } of CASES) {
      expect(CASES.filter((one) => one.alert === alert).flatMap(({ quiet }) => quiet)).not.toEqual([]);
    }
    // What the audit log says more of is tried by it as well.
    const differs = (name: string) =>
      JSON.stringify(ruleNamed('audit', name)?.expr) !== JSON.stringify(ruleNamed('metrics', name)?.expr);
    expect(namesOf(VARIANTS.audit).filter((name) => differs(name) && !tried('audit').includes(name))).toEqual(
      [],
    );
  });
});

describe('alerts', () => {
  it('have a runbook each, and each runbook an alert', () => {
    const pages = fs.readdirSync(RUNBOOKS).filter((file) => file.startsWith('Bulwark'));
    expect(pages.sort()).toEqual(EVERY.map((name) => `${name}.md`).sort());
    for (const { alert, annotations } of Object.values(VARIANTS).flatMap(rulesOf)) {
      expect(annotations.runbook_url).toBe(`https://unpkg.com/cdk8s-bulwark/docs/runbooks/${alert}.md`);
    }
  });

  it.each(EVERY)('have a runbook that says all that it has to: %s', (name) => {
    const page = fs.readFileSync(path.join(RUNBOOKS, `${name}.md`), 'utf8');
    const sections = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(page.split('\n')[0]).toBe(`# ${name}`);
    expect(sections).toEqual([
      'What it means',
      'What an attacker would be doing',
      'How to look',
      'What to do',
      'False alarms',
      'How to silence it',
    ]);
    for (const section of page.split(/^## /m).slice(1)) expect(section.trim().length).toBeGreaterThan(40);
    expect(page).toContain(`amtool silence add alertname=${name}`);
    expect(section(page, 'How to look')).toMatch(/```sh\n/);
  });

  it('are counted by the audit log where there is a counter, and say of users what the API server does not', () => {
    expect(namesOf({})).not.toContain('BulwarkTokenCreated');
    expect(namesOf({ auditMetric: 'audit_events_total' })).toEqual(
      expect.arrayContaining(['BulwarkTokenCreated', 'BulwarkAnonymousRequest', 'BulwarkAuditMetricAbsent']),
    );
  });

  it('know impersonation from the metrics of the API server only where it counts it', () => {
    const impersonation = (version: string, auditMetric?: string) =>
      namesOf({ target: ClusterTarget.kubernetes(version), ...(auditMetric && { auditMetric }) }).includes(
        'BulwarkImpersonation',
      );
    expect([impersonation('1.30'), impersonation('1.37')]).toEqual([false, true]);
    expect(impersonation('1.30', 'audit_events_total')).toBe(true);
  });

  it('are as loud, as patient, as wide and as many as they are asked to be', () => {
    const rules = rulesOf({
      target: ClusterTarget.kubernetes('1.37'),
      thresholds: { BulwarkSecretsListed: 3 },
      severities: { BulwarkExecIntoPod: 'critical' },
      without: ['BulwarkRbacChanged'],
      alertLabels: { team: 'security' },
      window: '5m',
      driftOverdue: '2d',
      apiServerJob: 'kube-apiserver',
      runbooks: 'https://wiki.example.com/runbooks',
    });
    const named = (name: string) => rules.find(({ alert }) => alert === name)!;
    expect(named('BulwarkSecretsListed').expr).toMatch(/\[5m\][^]* > 3$/);
    expect(named('BulwarkSecretsListed').expr).toContain('job="kube-apiserver"');
    expect(named('BulwarkExecIntoPod').labels).toEqual({ severity: 'critical', team: 'security' });
    expect(named('BulwarkRbacChanged')).toBeUndefined();
    expect(named('BulwarkDriftWatchStopped').expr).toContain('> 172800');
    expect(named('BulwarkProxyUsed').annotations.runbook_url).toBe(
      'https://wiki.example.com/runbooks/BulwarkProxyUsed.md',
    );
  });

  it.each<[string, AlertOptions, RegExp]>([
    ['a window that is no duration', { window: '15 minutes' }, /window: '15 minutes' is no duration/],
    ['no time at all', { driftOverdue: '0h' }, /driftOverdue: '0h' is no duration/],
    ['a name that is no metric', { auditMetric: 'a-b' }, /auditMetric: 'a-b' is no name of a metric/],
    ['users that nobody can tell', { excludedUsers: ['ci'] }, /need auditMetric/],
    ['namespaces that nobody can tell', { excludedNamespaces: ['ci'] }, /need auditMetric/],
    ['a label that is none', { alertLabels: { 'a-b': 'c' } }, /alertLabels: 'a-b' cannot be set/],
    ['a second severity', { alertLabels: { severity: 'x' } }, /use severities/],
    ['runbooks nowhere', { runbooks: 'docs/runbooks' }, /is no address that a browser opens/],
    ['less than nothing', { thresholds: { BulwarkRbacChanged: -1 } }, /BulwarkRbacChanged is -1/],
    [
      'a threshold of what does not count',
      { thresholds: { BulwarkProofBroken: 1 } as object },
      /no alert that counts/,
    ],
    [
      'a threshold named like a function',
      { thresholds: { constructor: 1 } as object },
      /no alert that counts/,
    ],
    [
      'an unknown alert to leave out',
      { without: ['BulwarkNope' as never] },
      /without: 'BulwarkNope' is no alert/,
    ],
    [
      'a misspelled alert to leave out',
      { without: ['BulwarkDriftCritcal' as never] },
      /without: 'BulwarkDriftCritcal' is no alert\. Did you mean BulwarkDriftCritical\? Use one of Bulwark/,
    ],
    [
      'a misspelled threshold',
      { thresholds: { bulwarkRbacChange: 1 } as object },
      /thresholds: 'bulwarkRbacChange' is no alert that counts\. Did you mean BulwarkRbacChanged\?/,
    ],
    [
      'a severity that nobody routes by',
      { severities: { BulwarkRbacChanged: 'Critical' as never } },
      /severities\.BulwarkRbacChanged: 'Critical' is no severity\. Did you mean critical\? Use one of critical, warning and info\./,
    ],
    ['a severity of none', { severities: { Nope: 'info' } as object }, /severities: 'Nope' is no alert/],
    ['an unknown way to know of drift', { drift: { by: 'nope' } as never }, /'nope' is no way to know/],
  ])('refuse %s', (_title, options, message) => {
    expect(() => alertGroups(options)).toThrow(message);
  });
});

function section(page: string, title: string): string {
  return page.split(/^## /m).find((text) => text.startsWith(title)) ?? '';
}

function ruleNamed(variant: string, name: string): AlertRule | undefined {
  return RULES[variant]!.flatMap(({ rules }) => rules).find(({ alert }) => alert === name);
}

function testOfCourse({ title, alert, labels, series, raisedAt, quietAt }: AlertCourse): RuleTest {
  const rule = ruleNamed('metrics', alert)!;
  const raised = { exp_labels: { severity: rule.labels.severity, ...labels } };
  // How many there are is told at other times than these.
  const counted = { ...rule, annotations: {} } as AlertRule;
  const asked = (minutes: readonly number[], expected: object[]) =>
    minutes.map((minute) => ({ eval_time: `${minute}m`, alertname: alert, exp_alerts: expected }));
  return {
    name: `${alert} ${title}`,
    rules: [{ name: 'alone', rules: [counted] }],
    series,
    questions: { alert_rule_test: [...asked(raisedAt, [raised]), ...asked(quietAt, [])] },
  };
}

/** The tests of a case: that it is raised, and that it is not. */
function testsOf({ alert, rules, after = '1h', fires, labels, says, quiet }: AlertCase): RuleTest[] {
  const rule = ruleNamed(rules, alert)!;
  const { summary, runbook_url, description } = rule.annotations;
  const raised = {
    exp_labels: { severity: rule.labels.severity, ...labels },
    exp_annotations: { summary, description: says ?? description, runbook_url },
  };
  const ask = (series: AlertCase['fires'], expected: object[]): RuleTest => ({
    name: `${alert} (${rules})`,
    rules: [{ name: 'alone', rules: [rule] }],
    series,
    questions: { alert_rule_test: [{ eval_time: after, alertname: alert, exp_alerts: expected }] },
  });
  return [ask(fires, [raised]), ...quiet.map((series) => ask(series, []))];
}
