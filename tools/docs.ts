/** Writes docs/controls from the catalogue. `npm run docs`; a test holds the pages to what this writes. */
import fs from 'node:fs';
import path from 'node:path';
import { CONTROLS } from '../src/controls/catalogue';
import { WAIVER_CONTROLS } from '../src/controls/waived';
import { controlIndex, controlPage } from '../src/report/control-page';

const FOLDER = path.join(__dirname, '..', 'docs', 'controls');
/** Written by hand. */
const LEFT_OUT = 'left-out.md';

/** Every generated page, by its name. */
export function controlPages(): Map<string, string> {
  const controls = [...CONTROLS, ...WAIVER_CONTROLS];
  return new Map([
    ['README.md', controlIndex(controls)],
    ...controls.map((control) => [`${control.id}.md`, controlPage(control)] as const),
  ]);
}

if (require.main === module) {
  fs.mkdirSync(FOLDER, { recursive: true });
  const pages = controlPages();
  const stale = fs.readdirSync(FOLDER).filter((name) => name !== LEFT_OUT && !pages.has(name));
  stale.forEach((name) => fs.rmSync(path.join(FOLDER, name)));
  for (const [name, text] of pages) fs.writeFileSync(path.join(FOLDER, name), text);
}
