import fc from 'fast-check';
import { loadAll } from 'js-yaml';
import { parse, parseAllDocuments } from 'yaml';
import { toYaml, yamlOfAnything } from '../../../src/manifest/yaml';

/** Texts that YAML takes for a number, a truth value, a date, nothing, or a part of its own syntax. */
const TRICKY = [
  ...['yes', 'no', 'on', 'off', 'y', 'n', 'Y', 'N', 'Yes', 'NO', 'True', 'FALSE', 'null', 'Null', '~', ''],
  ...[
    '012',
    '0o12',
    '0x1F',
    '-0x1f',
    '0b11',
    '1_000',
    '1e3',
    '1E3',
    '+1',
    '-1',
    '.5',
    '-.5',
    '+.5',
    '1.',
    '.',
    '-',
  ],
  ...[
    '.inf',
    '-.Inf',
    '+.INF',
    '.NaN',
    'NaN',
    'inf',
    '1:30',
    '12:30:45',
    '-1:30',
    '190:20:30.15',
    '08',
    '0_8',
  ],
  ...[
    '2024-01-01',
    '2001-12-14t21:59:43.10-05:00',
    '=',
    '<<',
    '---',
    '...',
    '--- a',
    '%YAML',
    '@at',
    '`tick',
  ],
  ...[
    'a: b',
    'a #b',
    '#a',
    ' a',
    'a ',
    '- a',
    '? a',
    ': a',
    '*a',
    '&a',
    '!a',
    '|',
    '>',
    '[',
    ']',
    '{',
    '}',
    ',',
  ],
  ...[
    "'",
    '"',
    '\\',
    '\n',
    'a\n',
    '\na',
    'a\n\n',
    'a\r\nb',
    '\t',
    'a\tb',
    'a\n---\nb',
    ' \n a',
    '\u0000',
    '\u0007',
  ],
  ...[
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u2029',
    '\ufeff',
    'a\ufeffb',
    '\u{1f600}',
    '\ud800',
    'a\n# b',
    'x'.repeat(300),
  ],
];

/** The `yaml` package loses a last line of nothing but blanks; js-yaml and PyYAML read it as it was written. */
const MISREAD = /(^|\n)[ \t]+\n+$|\n[ \t]+$/;

const text = fc
  .oneof(
    fc.constantFrom(...TRICKY),
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[-+.0-9_eExob:]{1,8}$/),
    fc
      .array(fc.constantFrom(' ', '\n', '\t', '-', ':', '#', 'a', "'", '"', '|'), { maxLength: 8 })
      .map((all) => all.join('')),
  )
  .filter((value) => !MISREAD.test(value));
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.constantFrom(null, true, false),
    fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((value) => value + 0),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(text, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const manifests = fc.array(fc.dictionary(text, json, { maxKeys: 4, noNullPrototype: true }), {
  minLength: 1,
  maxLength: 3,
});

describe('toYaml', () => {
  it.each(['1.1', '1.2'] as const)('is read as what was written by a reader of YAML %s', (version) => {
    fc.assert(
      fc.property(manifests, (objects) => {
        const documents = parseAllDocuments(toYaml(objects), { version, logLevel: 'silent' });
        const read = (Array.isArray(documents) ? documents : []).map((document) => {
          expect(document.errors).toEqual([]);
          return document.toJS() as unknown;
        });
        expect(asText(read)).toBe(asText(objects));
      }),
      { numRuns: 1000 },
    );
  });

  it('is read as what was written by js-yaml', () => {
    fc.assert(
      fc.property(manifests, (objects) => {
        expect(asText(loadAll(toYaml(objects)))).toBe(asText(objects));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(TRICKY)('keeps %j a text, as a value and as a key', (value) => {
    const written = toYaml([{ value, [value]: 1 }]);
    for (const version of ['1.1', '1.2'] as const) {
      expect(asText(parse(written, { version, logLevel: 'silent' }))).toBe(asText({ value, [value]: 1 }));
    }
  });

  it('writes numbers with an exponent so that the readers of Kubernetes take them for numbers', () => {
    expect(parse(toYaml([{ value: 1e21 }]), { version: '1.1' })).toEqual({ value: 1e21 });
  });

  it('writes the same parts out each time, without aliases', () => {
    const labels = { app: 'shop' };
    expect(toYaml([{ labels, matchLabels: labels }])).toBe(
      'labels:\n  app: shop\nmatchLabels:\n  app: shop\n',
    );
  });

  it('writes the bytes that js-yaml writes', () => {
    fc.assert(
      fc.property(manifests, (objects) => {
        expect(toYaml(objects)).toBe(objects.map(yamlOfAnything).join('---\n'));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a list in a list', { a: [[1, [2]], [], [{}], [{ b: 1, c: [] }]] }],
    ['a number that is no whole one', { a: 1.5, b: -0, c: 1e21, d: Number.MAX_SAFE_INTEGER, e: -3 }],
    ['a field that is not set', { a: undefined, b: { c: undefined }, d: [undefined] }],
    ['a date', { a: new Date(0) }],
    ['bytes', { a: Buffer.from('bulwark') }],
    ['a key of many characters', { ['\u0007'.repeat(180)]: 1, ['k'.repeat(1100)]: [1] }],
    ['a text of several lines', { a: { b: ['x\ny\n'] } }],
    ['nothing', {}],
  ])('writes %s as js-yaml does', (_what, manifest) => {
    expect(toYaml([manifest])).toBe(yamlOfAnything(manifest));
  });

  it.each(TRICKY)('writes %j as js-yaml does, also the second time', (value) => {
    const manifest = { value, [value]: [value, { [value]: value }] };
    const written = yamlOfAnything(manifest);
    expect([toYaml([manifest]), toYaml([manifest])]).toEqual([written, written]);
  });

  it('divides documents with a line of dashes', () => {
    expect(toYaml([{ a: 1 }, { b: 2 }])).toBe('a: 1\n---\nb: 2\n');
    expect(toYaml([])).toBe('');
  });

  it('does not fold long lines, so that a change shows as one line', () => {
    expect(toYaml([{ command: 'word '.repeat(60).trim() }]).split('\n')).toHaveLength(2);
  });
});

/** Text in which 0 and -0 are the same and the order of keys counts. */
function asText(value: unknown): string {
  return JSON.stringify(value);
}
