import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import type { AlertGroup } from '../../src/alerts/rules';

/** Whether `promtool` is installed (Debian package prometheus). In CI a missing one is an error, not a skipped test. */
export function hasPromtool(): boolean {
  const isThere = spawnSync('promtool', ['--version']).status === 0;
  if (!isThere && process.env.CI) throw new Error('promtool is missing: apt-get install prometheus');
  return isThere;
}

/** A `describe` that needs promtool. */
export const describeWithPromtool = (title: string, body: () => void): void =>
  hasPromtool() ? describe(title, body) : describe.skip(`${title} (skipped: no promtool)`, body);

/** What `promtool` printed, and how it ended. */
export interface Verdict {
  readonly status: number | null;
  readonly output: string;
}

/** `promtool check rules`. */
export function checkRules(groups: readonly AlertGroup[]): Verdict {
  return promtoolOn({ 'rules.yaml': { groups } }, ['check', 'rules', 'rules.yaml']);
}

/** Series by their text, with values of one minute each, in the notation of promtool such as `0x14 1x6`. */
export type Series = Readonly<Record<string, string>>;

/** What is asked of some rules when there are such series. */
export interface RuleTest {
  readonly name: string;
  readonly rules: readonly AlertGroup[];
  readonly series: Series;
  /** `alert_rule_test` and `promql_expr_test` as promtool reads them. */
  readonly questions: object;
}

/** Fails with what `promtool test rules` found wrong: between the name of each test that it began and that it went well. */
export function expectAllWell({ status, output }: Verdict): void {
  const complaints = output.split(/Unit Testing: .*|SUCCESS/).map((text) => text.trim());
  expect(complaints.filter(Boolean)).toEqual([]);
  expect(status).toBe(0);
}

/** `promtool test rules`, all in one process. Each test evaluates no more than its own rules, since evaluating takes the time. */
export function testRules(tests: readonly RuleTest[]): Verdict {
  const files = tests.flatMap(({ name, rules, series, questions }, index) => {
    const input = Object.entries(series).map(([one, values]) => ({ series: one, values }));
    const test = { name, interval: '1m', input_series: input, ...questions };
    return [
      [`${index}.rules.yaml`, { groups: rules }] as const,
      [
        `${index}.yaml`,
        { rule_files: [`${index}.rules.yaml`], evaluation_interval: '5m', tests: [test] },
      ] as const,
    ];
  });
  const units = tests.map((_, index) => `${index}.yaml`);
  return promtoolOn(Object.fromEntries(files), ['test', 'rules', ...units]);
}

function promtoolOn(files: Readonly<Record<string, object>>, args: readonly string[]): Verdict {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-promtool-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      fs.writeFileSync(path.join(folder, name), stringify(content));
    }
    return promtool(args, '', folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `promtool`, in a folder where one is named. */
export function promtool(args: readonly string[], input = '', cwd?: string): Verdict {
  const { status, stdout, stderr } = spawnSync('promtool', args, {
    cwd,
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return { status, output: stdout + stderr };
}
