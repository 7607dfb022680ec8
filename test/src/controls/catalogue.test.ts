import { CONTROLS, findControl } from '../../../src/controls/catalogue';
import { compileRule } from '../../../src/controls/cel';
import { isPodControl } from '../../../src/controls/control';
import { expressionOf } from '../../../src/controls/judge';
import { TARGETS } from '../../support/pod-arbitrary';

describe('the controls', () => {
  it('have ids of their own, which waivers and annotations can name', () => {
    const ids = CONTROLS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    // A part of the key of an annotation, of which the API server takes 63 characters.
    for (const id of ids) expect(`waive.${id}`).toMatch(/^[a-z0-9]([-.a-z0-9]{0,61}[a-z0-9])$/);
  });

  it.each(CONTROLS)('say what, why and how to mend it: $id', (control) => {
    const fields = 'field' in control ? [control.field] : [];
    for (const text of [control.title, control.why, control.fix, ...fields]) {
      expect(text.trim()).toBe(text);
      expect(text).not.toBe('');
    }
    expect(control.why.length).toBeGreaterThan(30);
    expect(control.why).toMatch(/\.$/);
    expect(control.fix).toMatch(/\.$/);
    expect(['critical', 'high', 'medium', 'low']).toContain(control.severity);
    expect(control.references).not.toEqual([]);
    for (const { standard, id } of control.references) expect([standard, id]).not.toContain('');
  });

  // Without the net of the judge, under which a rule that fails is a rule that does not hold.
  it.each(CONTROLS.filter(isPodControl))(
    'are rules about pods that every target can evaluate: $id',
    (control) => {
      const context = {
        container: { name: 'a' },
        params: {},
        variables: { pod: { containers: [{ name: 'a' }] }, annotations: {} },
      };
      for (const target of TARGETS) {
        if (control.appliesTo?.(target) === false) continue;
        expect(typeof compileRule(expressionOf(control, target), target.minor)(context)).toBe('boolean');
      }
    },
  );

  it.each(CONTROLS.filter((control) => control.scope === 'object'))(
    'are rules about objects that every target can evaluate: $id',
    (control) => {
      for (const target of TARGETS) {
        if (control.appliesTo?.(target) === false) continue;
        const rule = compileRule(expressionOf(control, target), target.minor);
        expect(rule({ object: control.examples.fails, params: {} })).toBe(false);
        expect(rule({ object: control.examples.passes, params: {} })).toBe(true);
      }
    },
  );

  it('are found by their id', () => {
    for (const control of CONTROLS) expect(findControl(control.id)).toBe(control);
    expect(findControl('constructor')).toBeUndefined();
  });

  it('cover both standards of Pod Security', () => {
    const checks = new Set(
      CONTROLS.flatMap(({ references }) => references)
        .filter(({ standard }) => standard.startsWith('PSS'))
        .map(({ standard, id }) => `${standard} ${id}`),
    );
    // The ids of the checks in k8s.io/pod-security-admission/policy.
    const baseline = [
      'appArmorProfile',
      'capabilities_baseline',
      'hostNamespaces',
      'hostPathVolumes',
      'hostPorts',
    ];
    const others = ['privileged', 'procMount', 'seLinuxOptions', 'seccompProfile_baseline', 'sysctls'];
    const restricted = [
      'allowPrivilegeEscalation',
      'capabilities_restricted',
      'restrictedVolumes',
      'runAsNonRoot',
    ];
    expect([...checks]).toEqual(
      expect.arrayContaining([
        ...[...baseline, ...others, 'windowsHostProcess'].map((id) => `PSS baseline ${id}`),
        ...[...restricted, 'runAsUser', 'seccompProfile_restricted'].map((id) => `PSS restricted ${id}`),
      ]),
    );
  });
});
