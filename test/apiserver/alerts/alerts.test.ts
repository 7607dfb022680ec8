import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { alertGroups } from '../../../src/alerts/rules';
import { THRESHOLDS } from '../../../src/alerts/alert';
import { gradedAuditPolicy } from '../../../src/control-plane/graded-audit-policy';
import { ClusterTarget } from '../../../src/target/target';
import { expectAllWell, hasPromtool, testRules, type RuleTest, type Series } from '../../support/promtool';
import { describeWithApiServer, type ApiServer, type StartOptions } from '../harness';
import { ACTIONS, setStage, type Action, type Stage } from './actions';
import { openStream, startKubelet, type Kubelet } from './kubelet';

const AUDIT_METRIC = 'audit_events_total';
const LIMIT_MS = 30_000;

const RUNBOOKS = join(__dirname, '../../../docs/runbooks');
/** The filters of jq by which runbooks look into the audit log. */
const LOOKS = readdirSync(RUNBOOKS).flatMap((file): [string, string][] => {
  const [, filter] = /^jq -c '([^']*)' audit\.log$/m.exec(readFileSync(join(RUNBOOKS, file), 'utf8')) ?? [];
  return filter === undefined ? [] : [[file.replace('.md', ''), filter]];
});

/** Values of series, by their text. */
type Sample = ReadonlyMap<string, number>;

/** What Prometheus would have seen before and after an action. */
interface Seen {
  readonly action: Action;
  readonly before: Sample;
  readonly after: Sample;
}

if (hasPromtool()) suite();
else
  describe.skip('alerts about an API server (skipped: no promtool)', () => it('are raised', () => undefined));

function suite(): void {
  let folder: string;
  let receiver: Server;
  let works = true;
  let kubelet: Kubelet;

  const options = async (): Promise<StartOptions> => {
    folder = mkdtempSync(join(tmpdir(), 'bulwark-alerts-'));
    receiver = createServer((request, answer) => {
      request.resume().on('end', () => answer.writeHead(works ? 200 : 400).end('{}'));
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    const webhook = { clusters: [{ name: 'a', cluster: { server: `http://127.0.0.1:${port}` } }] };
    const context = { contexts: [{ name: 'a', context: { cluster: 'a' } }], 'current-context': 'a' };
    writeFileSync(join(folder, 'webhook'), JSON.stringify({ ...webhook, ...context }));
    // What the log keeps by default is all that is asked of it.
    writeFileSync(join(folder, 'policy'), JSON.stringify(gradedAuditPolicy()));
    return {
      args: [
        `--audit-policy-file=${join(folder, 'policy')}`,
        `--audit-log-path=${join(folder, 'audit.log')}`,
        `--audit-webhook-config-file=${join(folder, 'webhook')}`,
        '--audit-webhook-batch-max-wait=100ms',
        '--audit-webhook-initial-backoff=10ms',
      ],
    };
  };

  describeWithApiServer('alerts about an API server', tests, options);

  function tests(server: () => ApiServer): void {
    afterAll(() => {
      kubelet?.stop();
      receiver?.close();
      receiver?.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    });

    it('are raised for what is done to it, and no others, by its metrics and by its audit log', async () => {
      kubelet = await startKubelet(server());
      const seen = await doAll(server());
      const target = ClusterTarget.kubernetes(`1.${server().minor}`);
      const none = Object.fromEntries(Object.keys(THRESHOLDS).map((name) => [name, 0]));
      const common = { target, drift: { by: 'nothing' }, thresholds: none } as const;
      const variants = [alertGroups(common), alertGroups({ ...common, auditMetric: AUDIT_METRIC })] as const;
      const questions = seen.flatMap(({ action, before, after }): RuleTest[] => {
        const series = seriesOf(before, after);
        const impersonation = action.audited?.includes('BulwarkImpersonation') && target.minor >= 37;
        const alerts = impersonation ? action.audited! : action.alerts;
        return [
          question(`${action.title}, by metrics`, variants[0], series, alerts),
          question(`${action.title}, by the audit log`, variants[1], series, action.audited ?? action.alerts),
        ];
      });
      expectAllWell(testRules(questions));
      const tried = new Set(seen.flatMap(({ action }) => [...action.alerts, ...(action.audited ?? [])]));
      const made = variants[1].flatMap(({ rules }) => rules.map(({ alert }) => alert));
      // These three are raised where there is nothing, and are not here.
      const blind = ['BulwarkApiServerNotScraped', 'BulwarkAuditLogSilent', 'BulwarkAuditMetricAbsent'];
      expect(made.filter((name) => !tried.has(name)).sort()).toEqual(blind);
    }, 240_000);

    // After the actions, which have filled the log.
    it.each(LOOKS)('are looked at in the log by what the runbook says: %s', (name, filter) => {
      const { stdout, stderr, status } = spawnSync('jq', ['-c', filter, join(folder, 'audit.log')], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      expect([status, stderr]).toEqual([0, '']);
      const lines = stdout.split('\n').slice(0, -1);
      const all = readFileSync(join(folder, 'audit.log'), 'utf8').split('\n').length - 1;
      // Nothing of that kind was done here.
      if (['BulwarkDriftCritical', 'BulwarkDriftWatchStopped'].includes(name)) expect(lines).toEqual([]);
      else expect(lines.length).toBeGreaterThan(0);
      expect(lines.length).toBeLessThan(all / 2);
    });
  }

  async function doAll(server: ApiServer): Promise<Seen[]> {
    const pending = new Set<string>();
    const audited = () => {
      const id = randomUUID();
      pending.add(id);
      return { 'Audit-ID': id };
    };
    const stage: Stage = {
      server,
      send: (method, path, body, more = {}) =>
        server.request(method, path, body, { ...more, headers: { ...more.headers, ...audited() } }),
      stream: (subresource) => {
        const query = subresource === 'portforward' ? '' : '?command=id&stdout=true&container=c';
        return openStream(server, `/api/v1/namespaces/free/pods/shell/${subresource}${query}`, audited());
      },
      letGo: () => kubelet.letGo(),
      receive: (value) => {
        works = value;
      },
    };
    await setStage(stage, kubelet.port);
    const seen: Seen[] = [];
    let before = await sample(server);
    for (const action of ACTIONS) {
      await action.run(stage);
      const after = await sampleAfter(server, { action, before, pending });
      seen.push({ action, before, after });
      before = after;
    }
    return seen;
  }

  interface Waiting {
    readonly action: Action;
    readonly before: Sample;
    readonly pending: Set<string>;
  }

  /** As soon as what the action has done is in the metrics, and in the log. */
  async function sampleAfter(server: ApiServer, { action, before, pending }: Waiting): Promise<Sample> {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const after = await sample(server);
      const log = readFileSync(join(folder, 'audit.log'), 'utf8');
      const hasGrown = [...after].some(([series, value]) => {
        return action.grows.test(series) && value > (before.get(series) ?? 0);
      });
      if (hasGrown && [...pending].every((id) => log.includes(id))) {
        pending.clear();
        return sample(server);
      }
      if (Date.now() > deadline) throw new Error(`${action.title}: nothing grows that is ${action.grows}`);
      await delay(50);
    }
  }

  async function sample(server: ApiServer): Promise<Sample> {
    const { body } = await server.request('GET', '/metrics', undefined, {
      headers: { accept: 'text/plain' },
    });
    const lines = String(body)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const metrics = lines.map((line): [string, number] => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    });
    return new Map([...metrics, ...countEvents(readFileSync(join(folder, 'audit.log'), 'utf8'))]);
  }
}

/** The lines of an audit log as a counter of them, as docs/alerts.md says. */
function countEvents(log: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of log.split('\n').slice(0, -1)) {
    const { requestURI, user, impersonatedUser, verb, objectRef = {}, responseStatus } = JSON.parse(line);
    if (requestURI.includes('dryRun=All')) continue;
    const labels = {
      user: user.username ?? '',
      impersonated: impersonatedUser?.username ?? '',
      verb,
      group: objectRef.apiGroup ?? '',
      resource: objectRef.resource ?? '',
      subresource: objectRef.subresource ?? '',
      namespace: objectRef.namespace ?? '',
      code: String(responseStatus?.code ?? ''),
    };
    const text = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const series = `${AUDIT_METRIC}{${text.join(',')}}`;
    counts.set(series, (counts.get(series) ?? 0) + 1);
  }
  return counts;
}

const SCRAPED = 'job="apiserver",instance="127.0.0.1:6443"';
const ASKED =
  /^(apiserver_(request_total|longrunning_requests|validating_admission_policy_check_total|audit_\w+|admission_webhook_fail_open_count|impersonation_attempts_total)|pod_security_evaluations_total|authentication_attempts|authorization_attempts_total|serviceaccount_legacy_tokens_total|audit_events_total)\b/;

/** Half an hour of series: as before, until five minutes ago. Counters that stayed what they were raise nothing and take time. */
function seriesOf(before: Sample, after: Sample): Series {
  const isOfUse = ([series, value]: [string, number]) =>
    ASKED.test(series) && (value !== before.get(series) || series.startsWith('apiserver_longrunning'));
  const values = [...after].filter(isOfUse).map(([series, value]): [string, string] => {
    const [name, labels = ''] = series.replace(/\}$/, '').split(/\{(.*)/s);
    const old = before.get(series);
    return [
      `${name}{${[SCRAPED, labels].filter(Boolean).join(',')}}`,
      `${old === undefined ? '_' : old}x24 ${value}x10`,
    ];
  });
  return Object.fromEntries([...values, [`up{${SCRAPED}}`, '1x40']]);
}

function question(
  name: string,
  rules: RuleTest['rules'],
  series: Series,
  alerts: readonly string[],
): RuleTest {
  const samples = alerts.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 }));
  const firing = 'group by (alertname) (ALERTS{alertstate="firing"})';
  return {
    name,
    rules,
    series,
    questions: { promql_expr_test: [{ expr: firing, eval_time: '30m', exp_samples: samples }] },
  };
}
