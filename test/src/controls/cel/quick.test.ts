import fc from 'fast-check';
import { CONTROLS } from '../../../../src/controls/catalogue';
import { compileFor } from '../../../../src/controls/cel/environment';
import { compileQuickly } from '../../../../src/controls/cel/quick';
import { isPodControl } from '../../../../src/controls/control';
import { expressionOf } from '../../../../src/controls/judge';
import { containersOf, podTemplateOf } from '../../../../src/manifest/pod';
import { ClusterTarget } from '../../../../src/target/target';
import { OBJECT, POD } from '../random-objects';

const TARGETS = ['1.29', '1.37'].map((version) => ClusterTarget.kubernetes(version));

/** What cel-js says of an expression: a value, or that it is an error. */
function slowly(expression: string, minor = 37) {
  const evaluate = compileFor(minor, expression);
  return (context: Record<string, unknown>): unknown => {
    try {
      return evaluate(context);
    } catch {
      return 'an error';
    }
  };
}

const quickly = (expression: string, minor = 37) => compileQuickly(compileFor(minor, expression).ast);

describe('what is told of an expression without cel-js', () => {
  it.each<[expression: string, object: unknown, answer: boolean | undefined]>([
    ["object.kind == 'Pod'", { kind: 'Pod' }, true],
    ["object.kind == 'Pod'", { kind: 'Job' }, false],
    ["object.?spec.?type.orValue('a') != 'a'", { spec: { type: 'b' } }, true],
    ["object.?spec.?type.orValue('a') != 'a'", {}, false],
    ["!has(object.spec) || has(object.spec.type) && object.spec.type.startsWith('a')", { spec: {} }, false],
    ['object.?list.hasValue()', { list: [] }, true],
    ['object.?list.hasValue()', {}, false],
    ['object.list.size() > 1 && object.size() >= 1', { list: [1, 2] }, true],
    ['object.list.size() < 1 || object.list.size() <= 1', { list: [1, 2] }, false],
    ['object.list.all(item, item in [80, 443])', { list: [80, 443] }, true],
    ['object.list.all(item, item in [80, 443])', { list: [80, 8080] }, false],
    ["'x' in object", { x: 1 }, true],
    ["'x' in object", { y: 1 }, false],
    ["object.exists(key, object[key] == 'b')", { a: 'b' }, true],
    ["object[?'a'].orValue('') == ''", { a: 'b' }, false],
    ["object.list[0] + object.list[1] == 'ab'", { list: ['a', 'b'] }, true],
    ["object.a ? object.b.endsWith('x') : object.b.contains('x')", { a: false, b: 'axa' }, true],
    ["object.a ? object.b.endsWith('x') : object.b.contains('x')", { a: true, b: 'axa' }, false],
    ["string(object.a).matches('^(?i)A+$')", { a: 'aA' }, true],
    ['[object.?a, object.?b].exists(list, list.orValue([]).exists(x, x == 1))', { b: [0, 1] }, true],
    ['object.?list.orValue([]).all(a, object.list.all(b, a == b))', { list: ['x', 'x'] }, true],
    ['object.?list.orValue([]).all(a, object.list.all(b, a == b))', { list: ['x', 'y'] }, false],
    ['dyn(object.a) != null', { a: [] }, true],
    ["object.a == 'x' || object.b", { a: 'x' }, true],
    // What may be an error or a conversion is left to cel-js.
    ["object.kind == 'Pod'", {}, undefined],
    ["object.kind == 'Pod'", { kind: 1 }, undefined],
    ["object.kind == 'Pod'", { kind: null }, undefined],
    ["object.kind == 'Pod'", { kind: ['Pod'] }, undefined],
    ["object.kind.startsWith('P')", { kind: 1 }, undefined],
    ['object.a && object.b', { a: true, b: 'true' }, undefined],
    ['object.list.all(item, item == 1)', { list: ['1', 2] }, undefined],
    ["object.list.exists(item, item.?a.orValue('') == '')", { list: ['1'] }, undefined],
    ['1 in object.list', { list: ['1', 1] }, undefined],
    ['has(object.a)', { a: null }, undefined],
    ['object.list[3] == 1', { list: [] }, undefined],
    ['object.at == 1', { at: new Date(0) }, undefined],
    ['object.at.a == 1', { at: new Map([['a', 1]]) }, undefined],
    [
      'object.at.a == 1',
      {
        at: new (class {
          readonly a = 1;
        })(),
      },
      undefined,
    ],
    ["object['constructor'] == 1", {}, undefined],
  ])('%s, of %j: %s', (expression, object, answer) => {
    expect(quickly(expression)!({ object })).toBe(answer);
    if (answer !== undefined) expect(slowly(expression)({ object })).toBe(answer);
  });

  it.each([
    'object.list.filter(item, item == 1).size() == 0',
    'ip(object.ip).family() == 4',
    'object.constructor == 1',
    'object.a.matches(object.b)',
    'object.a == 1.5',
    "object.a.split('=')[0] == 'a'",
    'object.a.orValue(1) == 1',
    'object.list.exists_one(item, item == 1)',
  ])('is nothing where there is more in it than is known: %s', (expression) => {
    expect(quickly(expression)).toBeUndefined();
  });
});

describe('the rules of the catalogue', () => {
  const rules = TARGETS.flatMap((target) =>
    CONTROLS.flatMap((control) => {
      if (control.scope === 'inventory' || control.scope === 'waiver') return [];
      const expression = expressionOf(control, target);
      const quick = quickly(expression, target.minor);
      return quick ? [{ control, quick, slow: slowly(expression, target.minor) }] : [];
    }),
  );
  const params = { registries: ['registry.example/'] };

  it('are mostly of what is known', () => {
    const withRule = CONTROLS.filter(({ scope }) => scope !== 'inventory' && scope !== 'waiver');
    expect(rules.length / TARGETS.length / withRule.length).toBeGreaterThan(0.8);
  });

  it('say of any pod what cel-js says, or leave it to that', () => {
    const ofPods = rules.filter(({ control }) => isPodControl(control));
    let told = 0;
    fc.assert(
      fc.property(POD, (manifest) => {
        const pod = podTemplateOf(manifest)!;
        const variables = { pod: pod.spec, annotations: pod.metadata?.annotations ?? {} };
        for (const container of [{}, ...containersOf(pod.spec).map((located) => located.container)]) {
          told += expectAgreement(ofPods, { container, params, variables });
        }
      }),
      { numRuns: 100 },
    );
    expect(told).toBeGreaterThan(5_000);
  });

  it('say of any object what cel-js says, or leave it to that', () => {
    const ofObjects = rules.filter(({ control }) => control.scope === 'object');
    let told = 0;
    fc.assert(
      fc.property(OBJECT, (object) => {
        told += expectAgreement(ofObjects, { object, params });
      }),
      { numRuns: 300 },
    );
    expect(told).toBeGreaterThan(5_000);
  });

  function expectAgreement(asked: typeof rules, context: Record<string, unknown>): number {
    const answers = asked.flatMap(({ control, quick, slow }) => {
      const answer = quick(context);
      return answer === undefined ? [] : [{ id: control.id, answer, expected: slow(context) }];
    });
    expect(answers.filter(({ answer, expected }) => answer !== expected)).toEqual([]);
    return answers.length;
  }
});
