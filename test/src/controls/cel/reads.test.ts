import { compileRule } from '../../../../src/controls/cel';
import { remembering } from '../../../../src/controls/cel/memo';

/** Asks a rule of two objects, one after the other, as a check does. */
function verdicts(rule: string, first: unknown, second: unknown): unknown[] {
  const compiled = compileRule(rule, 33);
  const ask = remembering((context) => compiled(context as never), compiled.reads);
  return [first, second].map((object) => ask({ object }));
}

describe('a rule that remembers its answers', () => {
  it.each([
    ['an item of a filtered list', 'object.list.filter(i, i.a == 1)[0].b == 1'],
    ['a field of what a filter leaves', 'object.list.filter(i, i.a == 1).all(i, i.b == 1)'],
    ['what a filter of a filter leaves', 'object.list.filter(i, i.a == 1).filter(j, j.b == 1).size() == 1'],
    ['a mapped item of a filtered list', 'object.list.filter(i, i.a == 1).map(i, i.b)[0] == 1'],
    ['a filtered list as a whole', "object.list.filter(i, i.a == 1) == [{'a': 1, 'b': 1}]"],
  ])('tells objects apart by %s', (_what, rule) => {
    expect(verdicts(rule, { list: [{ a: 1, b: 1 }] }, { list: [{ a: 1, b: 2 }] })).toEqual([true, false]);
  });
});
