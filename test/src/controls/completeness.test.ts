import fs from 'node:fs';
import path from 'node:path';
import { auditManifests } from '../../../src/controls/audit';
import { CONTROLS } from '../../../src/controls/catalogue';
import { checkManifests } from '../../../src/controls/check';
import type { Control } from '../../../src/controls/control';
import { podControls, PROFILES } from '../../../src/controls/profiles';
import { WAIVER_CONTROLS } from '../../../src/controls/waived';
import { hardenManifest } from '../../../src/hardening/harden';
import type { Manifest } from '../../../src/manifest/manifest';
import { EXAMPLE_TARGET, exampleOf, PLAIN_POD } from '../../../src/report/control-example';
import { controlPages } from '../../../tools/docs';

const PARAMETERS = { registries: ['registry.example/'] };
const EVERY = [...CONTROLS, ...WAIVER_CONTROLS];
const PAGES = controlPages();

/** Whether a control has a finding in manifests. */
function isBroken(control: Control, manifests: readonly Manifest[]): boolean {
  const findings =
    control.scope === 'waiver'
      ? auditManifests(manifests, { target: EXAMPLE_TARGET, profile: 'baseline' })
      : checkManifests(manifests, { target: EXAMPLE_TARGET, controls: [control], parameters: PARAMETERS });
  return findings.some((finding) => finding.control.id === control.id);
}

describe.each(EVERY.map((control) => [control.id, control] as const))('%s', (_id, control) => {
  const { fails, passes } = exampleOf(control);

  it('is broken by its failing example and not by its passing one', () => {
    expect({ fails: isBroken(control, fails), passes: isBroken(control, passes) }).toEqual({
      fails: true,
      passes: false,
    });
  });

  it('names a source and what to do', () => {
    expect(control.references.length).toBeGreaterThan(0);
    expect(control.title).not.toMatch(/\.$/);
    for (const text of [control.why, control.fix]) expect(text).toMatch(/^.{5,}[.)]$/s);
  });

  it('has a documentation page that was written from its data', () => {
    const page = path.join(__dirname, '../../../docs/controls', `${control.id}.md`);
    expect(fs.readFileSync(page, 'utf8')).toBe(PAGES.get(`${control.id}.md`));
  });
});

it('repairs what a short pod leaves out, so that every control with a repair holds afterwards', () => {
  const repairable = podControls().filter(({ repair }) => repair);
  const broken = repairable.filter((control) => isBroken(control, [PLAIN_POD]));
  expect(broken.length).toBeGreaterThan(8);
  const hardened = hardenManifest(PLAIN_POD, { target: EXAMPLE_TARGET }).manifest;
  expect(repairable.filter((control) => isBroken(control, [hardened]))).toEqual([]);
});

it('puts every control into a profile, or leaves it to be asked by its id', () => {
  const known = new Set(CONTROLS.map(({ id }) => id));
  for (const ids of Object.values(PROFILES)) {
    expect(ids.filter((id) => !known.has(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  }
});

it('lists every control in the index of the documentation', () => {
  const index = path.join(__dirname, '../../../docs/controls/README.md');
  expect(fs.readFileSync(index, 'utf8')).toBe(PAGES.get('README.md'));
});
