import '../../../src/jest';
import type { Manifest } from '../../../src/manifest/manifest';
import { hardenManifest } from '../../../src/hardening/harden';
import { EXAMPLE_TARGET, PLAIN_POD } from '../../../src/report/control-example';

const HARDENED: Manifest = hardenManifest(PLAIN_POD, { target: EXAMPLE_TARGET }).manifest;

describe('matchers, from TypeScript that is type-checked', () => {
  it('pass and fail for one manifest and for a list', () => {
    expect(HARDENED).toPassControls({ profile: 'restricted', target: '1.33' });
    expect([HARDENED]).toPassControls({ profile: 'restricted', target: EXAMPLE_TARGET });
    expect(PLAIN_POD).not.toPassControls({ profile: 'restricted' });
    expect(PLAIN_POD).toViolate('seccomp-profile');
    expect(HARDENED).not.toViolate('seccomp-profile', { target: '1.33' });
    expect(HARDENED).toViolate('allowed-registries', { parameters: { registries: ['mirror.example/'] } });
  });

  it('say what is broken, and how to mend it', () => {
    expect(() => expect(PLAIN_POD).toPassControls()).toThrow(
      /Pod shop-web\/api: .* breaks seccomp-profile\. Fix: /,
    );
    expect(() => expect(HARDENED).toViolate('seccomp-profile')).toThrow(
      'to be broken by Pod shop-web/api, and it holds',
    );
  });

  it('have types that refuse a profile, an option and a control that cannot be', () => {
    const wrong = [
      // @ts-expect-error there is no such profile
      () => expect(PLAIN_POD).toPassControls({ profile: 'strict' }),
      // @ts-expect-error the id is a string
      () => expect(PLAIN_POD).toViolate(7),
      () => expect(PLAIN_POD).toViolate('no-such-control'),
    ];
    for (const call of wrong) expect(call).toThrow();
    // @ts-expect-error there is no such option
    expect(HARDENED).toPassControls({ profile: 'restricted', targets: '1.33' });
  });
});
