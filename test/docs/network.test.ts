import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainCommand, exposureCommand, isolatedCommand, reachCommand } from '../../src/cli/network';

const ROOT = join(__dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/network.md'), 'utf8');
const DIST = [join(ROOT, 'dist')];

/** What the page shows below a command. */
function shown(command: string): string {
  const [, rest] = PAGE.split(`$ bulwark ${command}\n`) as [string, string?];
  if (rest === undefined) throw new Error(`The page does not show ${command}`);
  return rest.slice(0, rest.indexOf('\n```'));
}

it.each([
  ['explain shop-web/frontend shop-web/cartservice 7070 dist', 'shop-web/cartservice', '7070'],
  ['explain shop-web/frontend shop-web/redis-cart 6379 dist', 'shop-web/redis-cart', '6379'],
])('shows what the program says: %s', (command, destination, port) => {
  expect(explainCommand(['shop-web/frontend', destination, port], DIST, {}).output).toBe(shown(command));
});

it('shows what is exposed, isolated and connected in the example', () => {
  const trimmed = ({ output }: { readonly output: string }) => output.trimEnd();
  expect(trimmed(exposureCommand(DIST, { format: 'text' }))).toBe(shown('exposure dist'));
  expect(trimmed(isolatedCommand([], DIST, {}))).toBe(shown('isolated dist'));
  expect(trimmed(isolatedCommand(['shop', 'analytics'], DIST, {}))).toBe(
    shown('isolated dist --between shop analytics'),
  );
  const lines = trimmed(reachCommand(DIST, { format: 'text' })).split('\n');
  expect(lines.slice(0, 3).join('\n')).toBe(shown('reach dist'));
  expect(PAGE).toContain(`lists them, ${lines.length} for the example`);
});
