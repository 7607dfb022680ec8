import fs from 'node:fs';
import path from 'node:path';
import { CANARY, findCanary } from '../support/canary';
import { useTemporaryFolder } from '../support/folders';

const folder = useTemporaryFolder();

describe('the search for plaintext that a test left behind', () => {
  it.each([
    ['as it is', CANARY],
    ['in hexadecimal', Buffer.from(CANARY).toString('hex')],
    ...[0, 1, 2, 3, 4, 5].map((before) => [
      `in base64 behind ${before} characters`,
      Buffer.from(`${'x'.repeat(before)}${CANARY} and more`).toString('base64'),
    ]),
  ])('finds it %s', (_form, text) => {
    fs.mkdirSync(path.join(folder.path, 'below'));
    const file = path.join(folder.path, 'below', 'log.txt');
    fs.writeFileSync(file, `something\n${text}\n`);
    fs.writeFileSync(path.join(folder.path, 'fine.txt'), 'nothing');
    expect(findCanary([folder.path])).toEqual({ files: 2, found: [file] });
  });

  it('finds none in the checkout', () => {
    const { files, found } = findCanary([path.join(__dirname, '../..')]);
    expect(files).toBeGreaterThan(300);
    expect(found).toEqual([]);
  });
});
