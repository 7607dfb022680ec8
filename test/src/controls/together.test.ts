import fc from 'fast-check';
import { CONTROLS } from '../../../src/controls/catalogue';
import { compileRule } from '../../../src/controls/cel';
import { remembering } from '../../../src/controls/cel/memo';
import { readsOf } from '../../../src/controls/cel/reads';
import { compileFor } from '../../../src/controls/cel/environment';
import { isPodControl, type ObjectControl } from '../../../src/controls/control';
import { bindControl, bindObjectControl, expressionOf, subjectsOf } from '../../../src/controls/judge';
import { objectQuestion, podQuestion } from '../../../src/controls/together';
import { readWithoutNulls } from '../../../src/manifest/manifest';
import { podTemplateOf } from '../../../src/manifest/pod';
import { ClusterTarget } from '../../../src/target/target';
import { OBJECT, POD } from './random-objects';

const TARGET = ClusterTarget.kubernetes('1.37');
const PARAMETERS = { registries: ['registry.example/'] };

const reads = (expression: string) => readsOf(compileFor(30, expression).ast).map((read) => read.join('.'));

describe('what an expression reads', () => {
  it.each([
    ['object.spec.type', ['object.spec.type']],
    ["object.?spec.?type.orValue('x') == object.spec.type", ['object.spec.type']],
    ['has(object.spec.type)', ['object.spec.type.?']],
    ['object.?spec.?tls.hasValue()', ['object.spec.tls.?']],
    ['object.spec.rules.size() > 0', ['object.spec.rules.#']],
    ['object.spec.rules.size() > 0 && object.spec.rules[0].a == 1', ['object.spec.rules']],
    [
      "object.spec.list.all(item, item.?name.orValue('') == '')",
      ['object.spec.list.#', 'object.spec.list.*.name'],
    ],
    [
      'object.list.exists(a, a.list.exists(b, b.c == a.d))',
      ['object.list.#', 'object.list.*.list.#', 'object.list.*.list.*.c', 'object.list.*.d'],
    ],
    [
      '[object.?a, object.?b].all(list, list.orValue([]).all(x, x.y == 1))',
      ['object.a.#', 'object.b.#', 'object.a.*.y', 'object.b.*.y'],
    ],
    // A key that is no literal may be any.
    ["object.data.all(key, object.data[key] != '')", ['object.data']],
  ])('%s', (expression, expected) => {
    expect([...reads(expression)].sort()).toEqual([...expected].sort());
  });
});

const copyOf = (value: object): unknown => JSON.parse(JSON.stringify(value));

describe('a remembered answer', () => {
  const ask = (expression: string) => {
    const rule = compileRule(expression, 30);
    const asked: unknown[] = [];
    const question = remembering((context) => {
      asked.push(context);
      return rule(context);
    }, rule.reads);
    return { asked, question };
  };

  it('is that of every context that agrees in what is read', () => {
    const { asked, question } = ask("object.kind == 'Pod'");
    expect(
      [{ kind: 'Pod' }, { kind: 'Pod', name: 'b' }, { kind: 'Job' }].map((object) => question({ object })),
    ).toEqual([true, true, false]);
    expect(asked).toHaveLength(2);
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: true }, { a: 'true' }],
    [{ a: ['x', 'y'] }, { a: ['xy'] }],
    [{ a: ['x","y'] }, { a: ['x', 'y'] }],
    [{ a: {} }, {}],
    [{ a: {} }, { a: [] }],
    [{ a: null }, { a: NaN }],
    [{ a: { b: 'c' } }, { a: { b: { c: '' } } }],
    [{ a: [[], []] }, { a: [[[]]] }],
    [{ a: { x: 1, y: 2 } }, { a: { x: { y: 2 } } }],
    [{ a: { x: 1 } }, { a: { y: undefined } }],
    [{ a: { x: null } }, { a: {} }],
    [{ a: [null] }, { a: [] }],
  ])('is not that of another value: %j and %j', (one, other) => {
    const question = remembering(({ object }) => ({ object }), [['object', 'a']]);
    const answer = question({ object: one });
    // Once it has come up again, others are compared with it.
    expect(question({ object: copyOf(one) })).toBe(answer);
    expect(question({ object: copyOf(one) })).toBe(answer);
    expect(question({ object: other })).not.toBe(answer);
  });

  it.each<[readonly (readonly string[])[], object, object, boolean]>([
    [[['a', '?']], { a: { x: 1 } }, { a: { y: 2 } }, true],
    [[['a', '?']], { a: {} }, { a: 1 }, false],
    [[['a', '#']], { a: { x: 1 } }, { a: { y: 2 } }, true],
    [[['a', '#']], { a: { x: 1 } }, { a: { x: 1, y: 2 } }, false],
    [[['a', '#']], { a: { x: 1 } }, { a: { x: 1, y: null } }, true],
    [
      [
        ['a', '#'],
        ['a', '*', 'x'],
      ],
      { a: [{ x: 1, y: 1 }] },
      { a: [{ x: 1, y: 2 }] },
      true,
    ],
    [
      [
        ['a', '#'],
        ['a', '*', 'x'],
      ],
      { a: [{ x: 1 }] },
      { a: [{ x: 2 }] },
      false,
    ],
    [
      [
        ['a', '#'],
        ['a', '*', 'x'],
      ],
      { a: [{ x: 1 }] },
      { a: [{ x: 1 }, { x: 1 }] },
      false,
    ],
    [[['a', 'x']], { a: [{ x: 1 }] }, { a: [{ x: 2 }] }, false],
    [[['a', '*', 'x']], { a: { x: 1 } }, { a: { x: 2 } }, false],
    [[['a', 'x', 'y']], { a: { x: {} } }, { a: { x: { z: 1 } } }, true],
    [[['a', 'x', 'y']], { a: { x: {} } }, { a: {} }, false],
  ])('for what is read as %j: %j and %j', (places, one, other, agree) => {
    const question = remembering(
      ({ object }) => ({ object }),
      places.map((place) => ['object', ...place]),
    );
    const answers = [one, one, other].map((object) => question({ object: copyOf(object) }));
    expect(answers[2] === answers[0]).toBe(agree);
  });

  it('is that of the values as they were when it was given', () => {
    const question = remembering(({ object }) => JSON.stringify(object), [['object', 'a']]);
    const object = { a: [{ b: 1 }] };
    for (let times = 0; times < 3; times += 1) question({ object });
    object.a[0]!.b = 2;
    expect(question({ object })).toBe('{"a":[{"b":2}]}');
  });

  it('is not kept for values that are no JSON, nor where contexts hardly ever agree', () => {
    const question = remembering((context) => ({ context }), [['object']]);
    const object = { at: new Date(0) };
    expect(question({ object })).not.toBe(question({ object }));
    for (let index = 0; index < 1_000; index += 1) question({ object: index });
    expect(question({ object: 1 })).not.toBe(question({ object: 1 }));
  });
});

const POD_RULES = CONTROLS.filter(isPodControl).flatMap((control) => bindControl(control, TARGET) ?? []);

/** What a rule says when nothing is remembered. */
function asked(expression: string, context: Record<string, unknown>): boolean {
  try {
    return compileRule(expression, TARGET.minor)(context);
  } catch {
    return false;
  }
}

describe('asking rules together', () => {
  it('finds in any pods what asking each rule about each of them finds', () => {
    const question = podQuestion(POD_RULES, PARAMETERS);
    fc.assert(
      fc.property(POD, (manifest) => {
        const pod = podTemplateOf(readWithoutNulls(manifest))!;
        const expected = POD_RULES.flatMap((rule) =>
          subjectsOf(rule, pod)
            .filter(({ container }) => {
              const variables = { pod: pod.spec, annotations: pod.metadata?.annotations ?? {} };
              return !asked(expressionOf(rule.control, TARGET), { container, params: PARAMETERS, variables });
            })
            .map(({ path }) => `${rule.control.id} ${path}`),
        );
        const found = question(manifest).map(({ rule, subject }) => `${rule.control.id} ${subject.path}`);
        expect(found).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('finds in any objects what asking each rule about each of them finds', () => {
    const controls = CONTROLS.filter((control): control is ObjectControl => control.scope === 'object');
    const rules = controls.flatMap((control) => bindObjectControl(control, TARGET) ?? []);
    const question = objectQuestion(rules);
    fc.assert(
      fc.property(OBJECT, (manifest) => {
        const expected = rules.filter(
          ({ control }) =>
            !asked(expressionOf(control, TARGET), { object: readWithoutNulls(manifest), params: {} }),
        );
        expect(question(manifest).map(({ control }) => control.id)).toEqual(
          expected.map(({ control }) => control.id),
        );
      }),
      { numRuns: 500 },
    );
  });
});
