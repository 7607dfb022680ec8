import { lent, remembered, rememberedOfLent } from '../../../src/manifest/remembered';

/** A function that counts how often it was asked. */
function counting<Arguments extends unknown[], T>(answer: (...args: Arguments) => T) {
  return jest.fn(answer);
}

describe('remembered', () => {
  it('asks once for each text', () => {
    const length = counting((text: string) => text.length);
    const ask = remembered(length);
    expect(['a', 'bb', 'a', 'bb'].map(ask)).toEqual([1, 2, 1, 2]);
    expect(length).toHaveBeenCalledTimes(2);
  });

  it('asks again where there was no answer', () => {
    const ask = remembered((text: string): number => {
      throw new RangeError(text);
    });
    expect(() => ask('a')).toThrow('a');
    expect(() => ask('a')).toThrow('a');
  });

  it('does not keep all texts of a program that runs for long', () => {
    const length = counting((text: string) => text.length);
    const ask = remembered(length);
    for (let index = 0; index <= 10_000; index += 1) ask(`${index}`);
    ask('0');
    expect(length).toHaveBeenCalledTimes(10_002);
  });
});

describe('rememberedOfLent', () => {
  const count = (list: readonly number[], unit = '') => `${list.length}${unit}`;

  it('asks once about a list that was lent, which nobody can lengthen', () => {
    const asked = counting(count);
    const ask = rememberedOfLent(asked);
    const list = lent([1, 2]);
    expect([ask(list, 'm'), ask(list, 'm')]).toEqual(['2m', '2m']);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(Object.isFrozen(list)).toBe(true);
  });

  it('asks again about a list of somebody else, though it is frozen: what is in it may have changed', () => {
    const ask = rememberedOfLent(([one]: readonly { size: number }[]) => one!.size);
    const list = Object.freeze([{ size: 1 }]);
    expect(ask(list)).toBe(1);
    list[0]!.size = 2;
    expect(ask(list)).toBe(2);
  });

  it('asks again with another argument', () => {
    const ask = rememberedOfLent(count);
    const list = lent([1]);
    expect([ask(list, 'm'), ask(list, 'k'), ask(lent([1]), 'm')]).toEqual(['1m', '1k', '1m']);
  });
});
