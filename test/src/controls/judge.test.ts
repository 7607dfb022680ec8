import { podControls } from '../../../src/controls/profiles';
import { bindControl, fieldPath, subjectsOf } from '../../../src/controls/judge';
import type { JsonObject } from '../../../src/manifest/manifest';
import { ClusterTarget } from '../../../src/target/target';

const target = ClusterTarget.kubernetes('1.33');
const podControl = (id: string) => podControls().find((control) => control.id === id)!;

describe('the path of what breaks a control', () => {
  it.each<[string, string, JsonObject, JsonObject, string]>([
    [
      'the container that chose it',
      'run-as-non-root',
      {},
      { runAsNonRoot: false },
      'containers[0].securityContext.runAsNonRoot',
    ],
    [
      'the pod whose value the container inherits',
      'run-as-non-root',
      { runAsNonRoot: false },
      {},
      'securityContext.runAsNonRoot',
    ],
    [
      'the pod whose value is bad although that of the container is good',
      'run-as-non-root',
      { runAsNonRoot: false },
      { runAsNonRoot: true },
      'securityContext.runAsNonRoot',
    ],
    [
      'the container first where both are bad',
      'run-as-user-not-zero',
      { runAsUser: 0 },
      { runAsUser: 0 },
      'containers[0].securityContext.runAsUser',
    ],
    [
      'the pod whose profile is bad',
      'seccomp-profile',
      { seccompProfile: { type: 'Unconfined' } },
      { seccompProfile: { type: 'RuntimeDefault' } },
      'securityContext.seccompProfile.type',
    ],
    [
      'the container where nobody chose anything',
      'seccomp-profile',
      {},
      {},
      'containers[0].securityContext.seccompProfile.type',
    ],
  ])('names %s', (_name, id, ofPod, ofContainer, path) => {
    const bound = bindControl(podControl(id), target)!;
    const pod = {
      spec: { securityContext: ofPod, containers: [{ name: 'a', securityContext: ofContainer }] },
    };
    const [subject] = subjectsOf(bound, pod);
    expect(bound.holds(pod, subject!.container)).toBe(false);
    expect(fieldPath(bound, pod, subject!)).toBe(path);
  });
});

describe('a bound control', () => {
  it('is the same for the same target, so that its rule is compiled once', () => {
    const control = podControl('run-as-non-root');
    expect(bindControl(control, target)).toBe(bindControl(control, target));
  });

  it('does not exist for a target that the control is not about', () => {
    const control = podControl('user-namespace');
    expect(bindControl(control, ClusterTarget.kubernetes('1.32'))).toBeUndefined();
    expect(bindControl(control, target)).toBeDefined();
  });
});
