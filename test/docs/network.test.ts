import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reachCommand } from '../../src/cli/network';

const ROOT = join(__dirname, '../..');

it('says how many connections the example has', () => {
  const { output } = reachCommand([join(ROOT, 'dist')], { format: 'text' });
  const page = readFileSync(join(ROOT, 'docs/network.md'), 'utf8');
  expect(page).toContain(`lists them, ${output.trimEnd().split('\n').length} for the example`);
});
