import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import sarifSchema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json';
import { auditedControls, auditManifests } from '../../../src/controls/audit';
import { CONTROLS } from '../../../src/controls/catalogue';
import { readManifests } from '../../../src/manifest/reader';
import { toYaml } from '../../../src/manifest/yaml';
import { exampleOf } from '../../../src/report/control-example';
import { formatJunit } from '../../../src/report/junit';
import { makeReport, type Report } from '../../../src/report/report';
import { formatSarif } from '../../../src/report/sarif';
import { formatText } from '../../../src/report/text';
import { wrapWords } from '../../../src/report/wrap';

/** Names that mean something in JSON, XML, URIs or terminals. */
const HOSTILE = `</failure>]]>&"'%<!-- \u0000\u001b[31m \u{1F600}`;
const LONG = 'a-folder-of-a-chart/'.repeat(8);

function reportOn(file: string, name: string): Report {
  const manifests = CONTROLS.flatMap((control) => exampleOf(control).fails);
  const odd = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      annotations: {
        'cdk8s-bulwark/waive.no-host-pid': `${HOSTILE} is what the vendor wants`,
        'cdk8s-bulwark/waive.no-host-ipc': 'an exception that excuses nothing',
      },
    },
    spec: { hostPID: true, containers: [{ name, image: name }] },
  };
  const objects = readManifests(toYaml([...manifests, odd]), file).manifests;
  return makeReport(
    auditManifests(
      objects.map(({ manifest }) => manifest),
      { profile: 'hardened', target: '1.37' },
    ),
    objects,
  );
}

const REPORTS = [
  ['a relative file', reportOn('charts/my shop/api.yaml', 'api')],
  ['an absolute file', reportOn('/srv/charts/api.yaml', 'api')],
  ['names that mean something elsewhere', reportOn(`charts/${HOSTILE}/api.yaml`, HOSTILE)],
  ['long names', reportOn(`${LONG}api.yaml`, 'a'.repeat(253))],
  ['no finding', makeReport([], [])],
] as const;

describe('SARIF', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false, unicodeRegExp: false });
  addFormats(ajv);
  // The schema is of draft 4, and differs from what ajv reads in the name of its id only. One pattern in it is no Unicode one.
  const { $schema: _draft, id: _id, ...schema } = sarifSchema as Record<string, unknown>;
  const validate = ajv.compile(schema);
  const errorsOf = (log: unknown) => (validate(log) ? [] : validate.errors);

  it.each(REPORTS)('of %s is valid against the schema of SARIF 2.1.0', (_what, report) => {
    const log = JSON.parse(formatSarif(report, auditedControls(), '1.2.3'));
    expect(errorsOf(log)).toEqual([]);
    const [{ results, tool }] = log.runs;
    expect(results).toHaveLength(report.findings.length);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
  });

  it('would not be valid with a level, a line or a URI that is none', () => {
    const text = formatSarif(REPORTS[0][1], auditedControls(), '1.2.3');
    expect(errorsOf(JSON.parse(text.replace('"level": "error"', '"level": "fatal"')))).not.toEqual([]);
    expect(errorsOf(JSON.parse(text.replace(/"startLine": \d+/, '"startLine": 0')))).not.toEqual([]);
    expect(errorsOf(JSON.parse(text.replace(/"uri": "[^"]*"/, '"uri": "a b"')))).not.toEqual([]);
  });
});

describe('JUnit', () => {
  it.each(REPORTS)(
    'of %s is XML with the elements that CI systems read, and right counts',
    (_what, report) => {
      const [root, ...others] = parseXml(formatJunit(report));
      expect(others).toEqual([]);
      expect(root!.name).toBe('testsuites');
      const [suite] = root!.children;
      expect(root!.children).toHaveLength(1);
      expect(suite!.name).toBe('testsuite');
      const cases = suite!.children;
      const outcomes = cases.flatMap(({ children }) => children.map(({ name }) => name));
      const count = (name: string) => outcomes.filter((outcome) => outcome === name).length;
      for (const { attributes } of [root!, suite!]) {
        expect(attributes).toMatchObject({
          tests: String(cases.length),
          failures: String(count('failure')),
          skipped: String(count('skipped')),
          errors: '0',
        });
      }
      expect(count('failure')).toBe(report.summary.findings);
      expect(count('skipped')).toBe(report.summary.waived);
      for (const { name, attributes, children } of cases) {
        expect(name).toBe('testcase');
        expect(Object.keys(attributes)).toEqual(expect.arrayContaining(['classname', 'name']));
        expect(children.length).toBeLessThan(2);
      }
    },
  );
});

describe('text', () => {
  it.each(REPORTS)(
    'of %s has no line of more than 80 columns but a word that cannot be broken',
    (_what, report) => {
      // The summary is one line, however much there is to count.
      for (const line of formatText(report, { colour: false }).split('\n').slice(0, -1)) {
        expect(line).not.toMatch(/\p{Cc}/u);
        if (line.length > 80) expect(line.trim()).toMatch(/^[/.[]?[^\s/,.[]+[/,]?$/);
      }
    },
  );

  it('loses no character when it is wrapped', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', 'b', ' ', '.', '[', ']', '/', ','),
      maxLength: 120,
    });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 40 }), (text, width) => {
        const lines = wrapWords(text, width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        for (const line of lines) if (line.length > width) expect(line).toMatch(/^[/.[]?[^\s/,.[]*[/,]?$/);
      }),
      { numRuns: 500 },
    );
  });
});

interface Element {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: Element[];
}

/** Reads the part of XML 1.0 that a report needs, and throws for everything else. */
function parseXml(text: string): Element[] {
  // What XML 1.0 calls Char, and nothing else.
  expect(text).toMatch(/^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u);
  const prolog = '<?xml version="1.0" encoding="UTF-8"?>';
  expect(text.startsWith(prolog)).toBe(true);
  const top: Element[] = [];
  const open: Element[] = [];
  const token =
    /<\/([a-z]+)>|<([a-z]+)((?: [a-z]+="(?:[^<&"]|&(?:amp|lt|gt|quot);)*")*)(\/)?>|((?:[^<&]|&(?:amp|lt|gt|quot);)+)/y;
  token.lastIndex = prolog.length;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw new Error(`no XML: ${text.slice(at, at + 80)}`);
    const [, closed, name, attributes, isEmpty, content] = match;
    if (closed !== undefined) expect(open.pop()?.name).toBe(closed);
    if (content?.trim()) expect(open.at(-1)?.name).toBe('failure');
    if (name === undefined) continue;
    const pairs = [...attributes!.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(
      ([, key, value]) => [key!, value!] as const,
    );
    expect(new Set(pairs.map(([key]) => key)).size).toBe(pairs.length);
    const element = { name, attributes: Object.fromEntries(pairs), children: [] };
    (open.at(-1)?.children ?? top).push(element);
    if (isEmpty === undefined) open.push(element);
  }
  expect(open).toEqual([]);
  return top;
}
