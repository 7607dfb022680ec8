import { CONTROLS, findControl } from '../../../src/controls/catalogue';
import { compileRule } from '../../../src/controls/cel';
import { bindControl, expressionOf } from '../../../src/controls/judge';
import { TARGETS } from '../../support/pod-arbitrary';

describe('the controls', () => {
  it('have ids of their own, which waivers and annotations can name', () => {
    const ids = CONTROLS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    // A part of the key of an annotation, of which the API server takes 63 characters.
    for (const id of ids) expect(`waive.${id}`).toMatch(/^[a-z0-9]([-.a-z0-9]{0,61}[a-z0-9])$/);
  });

  it.each(CONTROLS)('say what, why and how to mend it: $id', (control) => {
    for (const text of [control.title, control.why, control.field, control.fix]) {
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

  it.each(CONTROLS)('are rules that every target can evaluate: $id', (control) => {
    const pod = { metadata: {}, spec: { containers: [{ name: 'a' }] } };
    for (const target of TARGETS) {
      const bound = bindControl(control, target);
      if (!bound) continue;
      // Without the net of the judge, under which a rule that fails is a rule that does not hold.
      const context = {
        container: pod.spec.containers[0],
        params: {},
        variables: { pod: pod.spec, annotations: {} },
      };
      expect(typeof compileRule(expressionOf(control, target))(context)).toBe('boolean');
    }
  });

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
