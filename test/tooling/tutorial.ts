import * as fs from 'node:fs';
import * as path from 'node:path';
import { blocksOf } from '../support/pages';

const PAGE = path.join(__dirname, '../../docs/tutorial.md');

/** A step of the tutorial: a command with what it prints, or a change of a file. */
export type Step =
  | { readonly kind: 'command'; readonly line: string; readonly output: string }
  | { readonly kind: 'change'; readonly file: string; readonly before: string; readonly after: string };

/** Everything that the tutorial has somebody do, in its order. */
export function tutorialSteps(): Step[] {
  const text = fs
    .readFileSync(PAGE, 'utf8')
    .replaceAll(/^```diff (\S+)$/gm, (_fence, file: string) => `<!-- with ${file} -->\n\`\`\`diff`);
  return blocksOf({ name: 'docs/tutorial.md', text }).flatMap(({ language, code, hint }): Step[] => {
    if (language === 'diff') {
      const side = (sign: string) =>
        code
          .split('\n')
          .filter((line) => line.startsWith(sign))
          .map((line) => `${line.slice(1)}\n`)
          .join('');
      return [{ kind: 'change', file: hint ?? 'main.ts', before: side('-'), after: side('+') }];
    }
    if (language !== 'console') return [];
    return code
      .split(/^\$ /m)
      .filter(Boolean)
      .map((part) => {
        const [line = '', ...output] = part.trimEnd().split('\n');
        return { kind: 'command', line, output: output.join('\n') };
      });
  });
}

/** `...` on a line of its own stands for any lines. */
export function shows(output: string, printed: string): boolean {
  const lines = output
    .split('\n')
    .map((line) =>
      line.trim() === '...' ? '[^]*' : `${line.trimEnd().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}[ ]*\\n`,
    );
  return new RegExp(`^${lines.join('')}\\s*$`).test(`${printed.trimEnd()}\n`);
}

/** Changes a file as a step says. @throws when what is to be changed is not there exactly once. */
export function change(folder: string, { file, before, after }: Extract<Step, { kind: 'change' }>): void {
  const place = path.join(folder, file);
  const text = fs.readFileSync(place, 'utf8');
  if (text.split(before).length !== 2) throw new Error(`${file} does not have this exactly once:\n${before}`);
  fs.writeFileSync(
    place,
    text.replace(before, () => after),
  );
}
