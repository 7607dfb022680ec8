import fs from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../../..');

/** The rows of the table of features: its name, and where it is tested by which test. */
const rows = fs
  .readFileSync(path.join(ROOT, 'docs/tenancy.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, feature, file, test] = /^\| (.*?) *\| .* \| `(test\/[^`]+)`: (.*?) *\|$/.exec(line) ?? [];
    return feature ? [{ feature, file: file!, test: test! }] : [];
  });

describe('the features of a tenant that docs/tenancy.md lists', () => {
  it('are all there', () => expect(rows.length).toBeGreaterThanOrEqual(25));

  it.each(rows)('has a test: $feature', ({ file, test }) => {
    const source = fs.readFileSync(path.join(ROOT, file), 'utf8');
    // The title is a string by itself: the call's first argument, or that of the function that `it.each` returns.
    const titles = [...source.matchAll(/(?:\bit|\bdescribe|\]\))\(\s*'([^'\n]*)'/g)].map(
      ([, title]) => title!,
    );
    expect(titles.filter((title) => title.includes(test))).toHaveLength(1);
  });
});
