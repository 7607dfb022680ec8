import { compileRule } from '../../../../src/controls/cel';
import { celEnvironment, compileFor } from '../../../../src/controls/cel/environment';
import { SUPPORTED_MINORS } from '../../../../src/target/target';
import { ERRORS_BEFORE_1_33, LIBRARIES } from './cases';

const { newest } = SUPPORTED_MINORS;

describe.each(LIBRARIES)('CEL for $about', ({ since, values, errors = [], refused = [] }) => {
  it.each(values)('%s is %s', (expression, literal) => {
    expect(compileFor(newest, `(${expression}) == ${literal}`)({})).toBe(true);
  });

  if (errors.length > 0) {
    it.each(errors)('%s is an error', (expression) => {
      const evaluate = compileFor(newest, expression);
      expect(() => evaluate({})).toThrow();
    });
  }

  if (refused.length > 0) {
    it.each(refused)('%s does not compile', (expression) => {
      expect(() => compileFor(newest, expression)).toThrow(/^The CEL expression does not compile/);
    });
  }

  it(`is there from Kubernetes 1.${since}`, () => {
    for (const [expression] of values) {
      expect(() => compileFor(Math.max(since, SUPPORTED_MINORS.oldest), expression)).not.toThrow();
      if (since > SUPPORTED_MINORS.oldest) {
        expect(() => compileFor(since - 1, expression)).toThrow(/needs Kubernetes 1\.\d+\./);
      }
    }
  });
});

describe('CEL of a version', () => {
  it('looks behind the end of a text from 1.33', () => {
    for (const expression of ERRORS_BEFORE_1_33) {
      expect(() => compileFor(32, expression)({})).toThrow('index out of range');
      expect(compileFor(33, expression)({})).toBe(-1n);
    }
  });

  it('is made once', () => {
    expect(celEnvironment(30)).toBe(celEnvironment(30));
    expect(celEnvironment(30)).not.toBe(celEnvironment(31));
    expect(compileRule('true', 30)).toBe(compileRule('true', 30));
    expect(compileRule('true', 30)).not.toBe(compileRule('true', 31));
  });

  it('tells since when there is a function that is missing', () => {
    const message =
      'The CEL expression does not compile for Kubernetes 1.30: ip.isCanonical() needs Kubernetes 1.31.';
    expect(() => compileRule('object.ips.all(x, ip.isCanonical(x)) || has(object.any)', 30)).toThrow(message);
  });

  it('keeps the variables of macros that are named like a library', () => {
    const rule = compileRule("object.ips.all(ip, isIP(ip) && string(cidr(ip + '/8').ip()) == ip)", newest);
    expect(rule({ object: { ips: ['10.0.0.0', '127.0.0.1'] } })).toBe(true);
    expect(rule({ object: { ips: ['10.0.0.0', '127.0.0.01'] } })).toBe(false);
  });

  it.each([
    "b'a'.hex()",
    "b'a'.base64()",
    "b'a'.string()",
    "b'{}'.json()",
    "b'a'.at(0)",
    'cel.bind(x, 1, x)',
    'object.nope()',
    'nope(object)',
    "quantity('1').nano",
    "[object.a, 'a'].size() == 2",
    "ip('::1').bits == 128",
    "[object.a, object.b].exists(x, x.matches('(?=a)'))",
  ])('refuses what the API server does not have: %s', (expression) => {
    expect(() => compileRule(expression, newest)).toThrow(/^The CEL expression does not compile/);
  });

  it('names functions in messages as people write them', () => {
    expect(() => compileRule("'a'.matches(1)", newest)).toThrow("'string.matches(int)'");
  });
});

describe('CEL on the numbers of manifests, which may be integers', () => {
  const object = { cpu: 2, share: 0.5, port: 443, ports: [80, 443], weights: [0.5, 0.25], text: 'tacocat' };
  const evaluate = (expression: string): unknown => compileFor(newest, expression)({ object });

  it.each([
    "quantity(object.cpu) == quantity('2')",
    "quantity(object.share).isLessThan(quantity('1'))",
    'isQuantity(object.share)',
    "quantity('1').add(object.cpu) == quantity('3')",
    "quantity('3').sub(object.cpu) == quantity('1')",
    '[80, 443].indexOf(object.port) == 1',
    'object.ports.lastIndexOf(443) == 1',
    'sets.contains([80, 443, 8080], object.ports)',
    'object.ports.sum() == 523',
    '[object.port, dyn(1)].sum() == 444',
    'object.weights.sum() == 0.75',
    'object.ports.max() == 443',
    'object.ports.isSorted()',
    'object.ports.map(port, port).min() == 80',
    "object.text.substring(object.cpu) == 'cocat'",
    "object.text.substring(object.cpu, object.cpu + 1.0) == 'c'",
    "object.text.charAt(object.cpu) == 'c'",
    "object.text.findAll('[ac]', object.cpu) == ['a', 'c']",
    "'%d %s'.format([object.port, object.share]) == '443 0.5'",
    'object.ports.slice(0, object.cpu).size() == 2',
  ])('%s', (expression) => {
    expect(evaluate(expression)).toBe(true);
  });

  it.each([
    "quantity('1').add(object.share)",
    'object.text.substring(object.share)',
    "object.text.find('(a')",
    "object.text.find(object.text + '(')",
    "'%d'.format([object.share])",
    '[object.text, object.cpu].sum()',
    '[dyn(object.text), dyn(object.cpu)].max()',
    'quantity(object.ports)',
  ])('does not make anything of %s', (expression) => {
    expect(() => evaluate(expression)).toThrow();
  });
});
