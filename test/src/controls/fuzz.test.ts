import fc from 'fast-check';
import { auditManifests } from '../../../src/controls/audit';
import { CONTROLS } from '../../../src/controls/catalogue';
import { checkManifests } from '../../../src/controls/check';
import { PROFILES, type ProfileName } from '../../../src/controls/profiles';
import type { JsonObject, Manifest } from '../../../src/manifest/manifest';
import { readManifests } from '../../../src/manifest/reader';
import { toYaml } from '../../../src/manifest/yaml';
import { analyzeNetwork } from '../../../src/network';
import { provePermissions } from '../../../src/rbac/tenant-proof';
import { EXAMPLE_TARGET, exampleOf } from '../../../src/report/control-example';
import { makeReport } from '../../../src/report/report';

const RUNS = Number(process.env.BULWARK_FUZZ_RUNS ?? 150);

/** Objects of every kind that a control knows, with what it looks at. */
const EXAMPLES: readonly Manifest[] = CONTROLS.flatMap((control) => {
  const { fails, passes } = exampleOf(control);
  return [...fails, ...passes];
}).filter((example) => placesIn(example).length > 0);

/** Values of types and kinds that no schema has in most places. */
const JUNK: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    '*',
    'a/b',
    '0.0.0.0/0',
    '::/0',
    '\0',
    '1Gi',
    [],
    {},
  ),
  fc.constantFrom<unknown>([null], [[]], [{}], [''], { '': '' }, { matchLabels: 1 }, { name: {} }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Every place in a value, as the way to it. */
function placesOf(value: unknown, way: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [way];
  const below = Object.entries(value).flatMap(([key, member]) => placesOf(member, [...way, key]));
  return way.length === 0 ? below : [way, ...below];
}

/** The places that junk may take: a reader refuses objects without a kind and a version. */
function placesIn(example: Manifest): (readonly string[])[] {
  return placesOf(example).filter(([first]) => first !== 'kind' && first !== 'apiVersion');
}

function withValueAt(value: unknown, [step, ...rest]: readonly string[], junk: unknown): unknown {
  if (step === undefined) return junk;
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) =>
      String(index) === step ? withValueAt(item, rest, junk) : item,
    );
  }
  const holder = value as JsonObject;
  return { ...holder, [step]: withValueAt(holder[step], rest, junk) };
}

/** An object of a real kind with junk in up to three places, wherever it is; only its kind and version stay text. */
const OBJECT: fc.Arbitrary<Manifest> = fc.constantFrom(...EXAMPLES).chain((example) => {
  const change = fc.tuple(fc.constantFrom(...placesIn(example)), JUNK);
  return fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map(
      (changes) =>
        changes.reduce<unknown>((value, [way, junk]) => damage(value, way, junk), example) as Manifest,
    );
});

/** A change below a place that another one has replaced is none. */
function damage(value: unknown, way: readonly string[], junk: unknown): unknown {
  let at = value;
  for (const step of way.slice(0, -1)) {
    if (typeof at !== 'object' || at === null) return value;
    at = (at as JsonObject)[step];
  }
  return typeof at === 'object' && at !== null ? withValueAt(value, way, junk) : value;
}

const OBJECTS = fc.array(OBJECT, { minLength: 1, maxLength: 12 });

describe('objects with anything in any field', () => {
  it.each(Object.keys(PROFILES) as ProfileName[])('are judged by the profile %s', (profile) => {
    fc.assert(
      fc.property(OBJECTS, (manifests) => {
        const parameters = { registries: ['registry.example/'] };
        const findings = auditManifests(manifests, { profile, target: EXAMPLE_TARGET, parameters });
        for (const { field, message } of findings) expect(field && message).toBeTruthy();
      }),
      { numRuns: RUNS },
    );
  });

  it('are judged by every control, also one that is in no profile', () => {
    fc.assert(
      fc.property(OBJECTS, (manifests) => {
        checkManifests(manifests, { controls: CONTROLS, target: EXAMPLE_TARGET });
      }),
      { numRuns: RUNS },
    );
  });

  it('are followed by the analysis of the network and of permissions', () => {
    fc.assert(
      fc.property(OBJECTS, (manifests) => {
        analyzeNetwork(manifests);
        provePermissions(manifests);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a text of anything', () => {
  const noThrow = (text: string) => {
    const { manifests, errors } = readManifests(text, 'a.yaml');
    for (const { message } of errors) expect(message).toMatch(/^a\.yaml:\d+(:\d+)?: /);
    const findings = auditManifests(
      manifests.map(({ manifest }) => manifest),
      { profile: 'baseline' },
    );
    makeReport(findings, manifests);
  };

  it('is read, or refused with its place: bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => noThrow(Buffer.from(bytes).toString('utf8'))),
      { numRuns: RUNS * 4 },
    );
  });

  it('is read, or refused with its place: what YAML is made of', () => {
    const token = fc.constantFrom(
      ...[
        '- ',
        ': ',
        '? ',
        '\n',
        '\n  ',
        '\n    ',
        '&a ',
        '*a',
        '<<: ',
        '!!',
        '!a ',
        '|',
        '>-',
        '"',
        "'",
        '{',
        '}',
        '[',
        ']',
      ],
      ...[
        ',',
        '#',
        '%',
        '---\n',
        '...\n',
        '\t',
        '\r',
        '\uFEFF',
        '\0',
        '~',
        'a',
        '0x',
        '1_0',
        '.inf',
        'kind: Pod\n',
      ],
      ...['apiVersion: v1\n', 'kind: List\n', 'items:\n', 'spec:\n', '__proto__: '],
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 40 }), (tokens) => noThrow(tokens.join(''))),
      { numRuns: RUNS * 4 },
    );
  });

  it('is read, or refused with its place: manifests with characters cut out and put in', () => {
    const edit = fc.tuple(
      fc.nat(2_000),
      fc.nat(4),
      fc.constantFrom('', ' ', '\n', ':', '-', '"', '&a ', '*a ', '{', '\t'),
    );
    fc.assert(
      fc.property(OBJECTS, fc.array(edit, { maxLength: 4 }), (objects, edits) => {
        const text = toYaml(objects.slice(0, 3));
        noThrow(
          edits.reduce((edited, [at, length, inserted]) => {
            const from = at % (edited.length + 1);
            return edited.slice(0, from) + inserted + edited.slice(from + length);
          }, text),
        );
      }),
      { numRuns: RUNS * 2 },
    );
  });
});

it('says of an audit policy that an API server could not read which rule it is', () => {
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' };
  const rules = [{ level: 'None' }, { level: 'None', resources: [{ group: '', resources: [['secrets']] }] }];
  const findings = auditManifests([{ ...policy, rules }], { profile: 'cis' });
  expect(findings.map(({ field, message }) => [field, message])).toContainEqual([
    'rules[1]',
    expect.stringContaining('has a field of a wrong type'),
  ]);
});
