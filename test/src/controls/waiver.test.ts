import fc from 'fast-check';
import { CONTROLS } from '../../../src/controls/catalogue';
import {
  checkWaiver,
  isExpired,
  waiverAnnotation,
  waiversOf,
  type Waiver,
} from '../../../src/controls/waiver';
import { BulwarkError } from '../../../src/errors';
import type { Manifest } from '../../../src/manifest/manifest';

const REASON = 'the vendor mends this in version 3';
const pod = (annotations?: object) =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', annotations } }) as Manifest;

describe('checkWaiver', () => {
  const check = (waiver: Partial<Waiver>) =>
    checkWaiver({ control: 'no-host-pid', reason: REASON, ...waiver }, 'shop/web');

  it('gives a good waiver back with its reason on one line', () => {
    expect(check({ reason: '  the vendor \n mends   this\tin version 3 ', expires: '2027-01-31' })).toEqual({
      control: 'no-host-pid',
      reason: REASON,
      expires: '2027-01-31',
    });
  });

  it('refuses a control that does not exist and lists those that do', () => {
    expect(() => check({ control: 'no-host-pids' })).toThrow(BulwarkError);
    expect(() => check({ control: 'no-host-pids' })).toThrow(
      /^shop\/web: waives 'no-host-pids', which is no control/,
    );
    for (const { id } of CONTROLS) expect(() => check({ control: 'no-host-pids' })).toThrow(id);
  });

  it.each(['', '          ', 'too short', 'a   \n    b', undefined as unknown as string])(
    'refuses %j as a reason, and says how long one is',
    (reason) => {
      expect(() => check({ reason })).toThrow(BulwarkError);
      expect(() => check({ reason })).toThrow('write 10 characters or more');
    },
  );

  it('takes a reason of ten characters', () => {
    expect(check({ reason: '1234567890' }).reason).toBe('1234567890');
  });

  it.each([
    '',
    '2027',
    '2027-1-1',
    '31.01.2027',
    '2027-02-29',
    '2027-02-30',
    '2027-13-01',
    '2027-00-10',
    'never',
    '2027-01-31T00:00:00Z',
  ])('refuses %j as the last day', (expires) => {
    expect(() => check({ expires })).toThrow(BulwarkError);
    expect(() => check({ expires })).toThrow('which is no day. Write YYYY-MM-DD');
  });

  it('takes the last day of February in a leap year', () => {
    expect(check({ expires: '2028-02-29' }).expires).toBe('2028-02-29');
  });
});

describe('isExpired', () => {
  const waiver = { control: 'no-host-pid', reason: REASON, expires: '2027-01-31' };

  it.each([
    ['2027-01-30T23:59:59.999Z', false],
    ['2027-01-31T00:00:00.000Z', false],
    ['2027-01-31T23:59:59.999Z', false],
    ['2027-02-01T00:00:00.000Z', true],
    ['2028-01-01T00:00:00.000Z', true],
  ])('lets a waiver hold until its last day in UTC is over: %s', (now, expired) => {
    expect(isExpired(waiver, new Date(now))).toBe(expired);
  });

  it('lets a waiver without a last day hold for ever', () => {
    expect(isExpired({ control: 'no-host-pid', reason: REASON }, new Date('9999-12-31T23:59:59Z'))).toBe(
      false,
    );
  });
});

describe('the annotation of a waiver', () => {
  it('is read as what was written', () => {
    const day = fc
      .date({ min: new Date('2000-01-01'), max: new Date('2999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
    const waivers = fc.record({
      control: fc.constantFrom(...CONTROLS.map(({ id }) => id)),
      reason: fc.string({ minLength: 10, unit: 'binary' }).filter((reason) => reason.trim().length >= 10),
      expires: fc.option(day, { nil: undefined }),
    });
    fc.assert(
      fc.property(waivers, (given) => {
        const waiver = checkWaiver(given, 'test');
        // A reason that ends as an expiry does, without being one, cannot be told from it.
        fc.pre(waiver.expires !== undefined || !/; expires \S{10}$/.test(waiver.reason));
        const object = pod(Object.fromEntries([waiverAnnotation(waiver)]));
        const { expires, ...rest } = waiver;
        expect(waiversOf(object)).toEqual([{ ...rest, ...(expires && { expires }), object }]);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps a reason that speaks of an expiry itself', () => {
    const waiver = {
      control: 'no-host-pid',
      reason: 'the contract; expires 2026-06-30',
      expires: '2026-07-31',
    };
    expect(waiversOf(pod(Object.fromEntries([waiverAnnotation(waiver)])))).toMatchObject([waiver]);
  });

  it('is found among others, and nothing is found where there is none', () => {
    const object = pod({ team: 'shop', 'cdk8s-bulwark/waive.no-host-pid': REASON });
    expect(waiversOf(object)).toEqual([{ control: 'no-host-pid', reason: REASON, object }]);
    expect(waiversOf(pod())).toEqual([]);
    expect(waiversOf({ apiVersion: 'v1', kind: 'Pod' })).toEqual([]);
  });
});
