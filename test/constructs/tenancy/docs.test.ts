import fs from 'node:fs';
import path from 'node:path';
import { TENANCY_BENCHMARKS } from '../../../src/tenancy/benchmark';

const ROOT = path.join(__dirname, '../../..');

function rowsOf(pattern: RegExp): { name: string; file: string; test: string }[] {
  return fs
    .readFileSync(path.join(ROOT, 'docs/tenancy.md'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, name, file, test] = pattern.exec(line) ?? [];
      return name ? [{ name, file: file!, test: test! }] : [];
    });
}

/** The rows of the table of benchmarks: the check, and the beginning of a title, or of a row of titles, of a test. */
const checks = rowsOf(/^\| (MTB-\S+) +\| .* \| `(test\/[^`]+)`: (.*?) *\|$/);
/** The rows of the table of features: its name, and where it is tested by which test. */
const features = rowsOf(/^\| (?!MTB)(.*?) *\| .* \| `(test\/[^`]+)`: (.*?) *\|$/);

describe('the benchmarks that docs/tenancy.md lists', () => {
  it('are all 18, in their order', () =>
    expect(checks.map(({ name }) => name)).toEqual(TENANCY_BENCHMARKS.map(({ benchmark }) => benchmark)));

  it.each(checks)('are tried on an API server: $name by $test', ({ file, test }) => {
    expect(fs.readFileSync(path.join(ROOT, file), 'utf8')).toContain(`'${test}`);
  });
});

describe('the features of a tenant that docs/tenancy.md lists', () => {
  it('are all there', () => expect(features.length).toBeGreaterThanOrEqual(25));

  it.each(features)('has a test: $name', ({ file, test }) => {
    const source = fs.readFileSync(path.join(ROOT, file), 'utf8');
    // The title is a string by itself: the call's first argument, or that of the function that `it.each` returns.
    const titles = [...source.matchAll(/(?:\bit|\bdescribe|\]\))\(\s*'([^'\n]*)'/g)].map(
      ([, title]) => title!,
    );
    expect(titles.filter((title) => title.includes(test))).toHaveLength(1);
  });
});
