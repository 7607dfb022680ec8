import type { DriftFinding } from '../../../src/drift/drift';
import { driftMetrics, lastSuccessOf } from '../../../src/drift/metrics';
import type { DriftReport } from '../../../src/drift/report';
import { describeWithPromtool, promtool } from '../../support/promtool';

const AT = new Date('2026-06-15T12:00:00.250Z');
const NOW = AT.getTime() / 1000;

const finding = (kind: DriftFinding['kind'], severity: DriftFinding['severity']): DriftFinding => ({
  kind,
  severity,
  object: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'door' },
  message: 'Service shop/door is not what was declared',
  changes: [],
  by: [],
  fix: 'kubectl delete service door -n shop',
});
const REPORT: DriftReport = {
  server: 'https://192.0.2.1',
  complete: true,
  declared: 120,
  live: 345,
  findings: [finding('missing', 'critical'), finding('missing', 'critical'), finding('undeclared', 'high')],
  proof: { holds: false, counterExamples: [] },
};
const { proof: _, ...UNPROVED } = REPORT;

const samplesOf = (text: string) =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
const findings = (text: string) =>
  Object.entries(samplesOf(text)).filter(([name]) => name.startsWith('bulwark_drift_findings'));

describe('the metrics of a comparison', () => {
  it('count every change and severity, those that were not found as well', () => {
    const found = findings(driftMetrics({ report: REPORT, at: AT, seconds: 1.5 }));
    expect(found).toHaveLength(12);
    expect(found.filter(([, count]) => count > 0)).toEqual([
      ['bulwark_drift_findings{change="missing",severity="critical"}', 2],
      ['bulwark_drift_findings{change="undeclared",severity="high"}', 1],
    ]);
  });

  it('tell whether the proof holds, how much was compared, when, and for how long', () => {
    expect(samplesOf(driftMetrics({ report: REPORT, at: AT, seconds: 1.5, lastSuccess: 7 }))).toMatchObject({
      bulwark_drift_success: 1,
      bulwark_drift_proof_holds: 0,
      bulwark_drift_objects: 345,
      bulwark_drift_last_run_timestamp_seconds: NOW,
      bulwark_drift_last_success_timestamp_seconds: NOW,
      bulwark_drift_duration_seconds: 1.5,
    });
  });

  it('never say that there is none of something when not everything could be read', () => {
    const text = driftMetrics({
      report: { ...UNPROVED, complete: false },
      at: AT,
      seconds: 1,
      lastSuccess: 7,
    });
    expect(findings(text).map(([, count]) => count)).toEqual([2, 1]);
    expect(samplesOf(text)).toMatchObject({
      bulwark_drift_success: 0,
      bulwark_drift_last_run_timestamp_seconds: NOW,
      bulwark_drift_last_success_timestamp_seconds: 7,
    });
    expect(text).not.toContain('proof_holds');
  });

  it('tell of a run that came to nothing that it did, and when the last one came to something', () => {
    expect(samplesOf(driftMetrics({ at: AT, seconds: 30, lastSuccess: 7.5 }))).toEqual({
      bulwark_drift_success: 0,
      bulwark_drift_last_run_timestamp_seconds: NOW,
      bulwark_drift_last_success_timestamp_seconds: 7.5,
      bulwark_drift_duration_seconds: 30,
    });
  });

  it('are read again for the time of the last success, and nothing is read of other text', () => {
    expect(lastSuccessOf(driftMetrics({ report: REPORT, at: AT, seconds: 1 }))).toBe(NOW);
    expect(lastSuccessOf(driftMetrics({ at: AT, seconds: 1, lastSuccess: 7.5 }))).toBe(7.5);
    expect(lastSuccessOf(driftMetrics({ at: AT, seconds: 1 }))).toBeUndefined();
    expect(lastSuccessOf('bulwark_drift_last_success_timestamp_seconds nothing')).toBeUndefined();
  });
});

describeWithPromtool('to promtool, metrics', () => {
  it.each([
    ['of a result', { report: REPORT }],
    ['of a result that is incomplete', { report: { ...UNPROVED, complete: false, findings: [] } }],
    ['of a failure', { lastSuccess: 7 }],
  ])('%s have no mistake and nothing unusual', (_title, run) => {
    const text = driftMetrics({ at: AT, seconds: 0.25, ...run });
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, output: '' });
  });
});
