import { refusal, type Breach } from '../../../constructs/blueprint/refusal';

const breach = (place: string, more: Partial<Breach> = {}): Breach => ({
  place,
  field: 'spec.hostPID',
  why: 'The pod sees every process.',
  fix: 'Remove it.',
  control: 'no-host-pid',
  ...more,
});
const WAIVE = "Or, with a reason: Waivers.of(scope).waive('no-host-pid', { reason: '...' }).";

describe('the refusal of a blueprint', () => {
  it('says in one line what is wrong in one place', () => {
    expect(refusal([breach('shop/a')])).toBe(
      'The blueprint has a problem, and nothing was written:\n' +
        `- shop/a: spec.hostPID breaks no-host-pid. The pod sees every process. Fix: Remove it. ${WAIVE}`,
    );
  });

  it('says once what many objects have in common, and lists each of them with its field', () => {
    const { length } = refusal(Array.from({ length: 34 }, (_, index) => breach(`shop/${index}`)));
    expect(length).toBeLessThan(34 * 60);
    expect(refusal([breach('shop/a'), 'b: is odd', breach('shop/c', { field: 'spec.x' })])).toBe(
      [
        'The blueprint has 3 problems, and nothing was written:',
        `- no-host-pid is broken in 2 places. The pod sees every process. Fix: Remove it. ${WAIVE}`,
        '    shop/a: spec.hostPID',
        '    shop/c: spec.x',
        '- b: is odd',
      ].join('\n'),
    );
  });

  it('keeps with each object what is of it alone', () => {
    const [one, two] = ['one', 'two'].map((what) =>
      breach(what, { what: `It is ${what}`, fix: `Drop ${what}.` }),
    );
    expect(refusal([one!, two!])).toBe(
      [
        'The blueprint has 2 problems, and nothing was written:',
        `- no-host-pid is broken in 2 places. The pod sees every process. ${WAIVE}`,
        '    one: spec.hostPID: It is one. Fix: Drop one.',
        '    two: spec.hostPID: It is two. Fix: Drop two.',
      ].join('\n'),
    );
  });
});
