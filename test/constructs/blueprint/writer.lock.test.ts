import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FILE_HEADER, replaceFolder } from '../../../constructs/blueprint/writer';

const FILES = new Map([['a.yaml', `${FILE_HEADER}a: 1\n`]]);

let work: string;
let other: ChildProcess;

beforeEach(() => {
  work = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-lock-'));
  other = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
  fs.symlinkSync(String(other.pid), path.join(work, '.dist.bulwark-lock'));
});

afterEach(async () => {
  if (other.exitCode === null && other.signalCode === null) {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
  fs.rmSync(work, { recursive: true });
});

describe('two syntheses into one folder', () => {
  it('do not run at the same time: the second says so and writes nothing', () => {
    expect(() => replaceFolder(path.join(work, 'dist'), FILES)).toThrow(
      new RegExp(`Process ${other.pid} is synthesizing into .*/dist at this moment`),
    );
    expect(fs.readdirSync(work)).toEqual(['.dist.bulwark-lock']);
  });

  it('run when the first one has died', async () => {
    other.kill('SIGKILL');
    await once(other, 'exit');
    replaceFolder(path.join(work, 'dist'), FILES);
    expect(fs.readdirSync(work)).toEqual(['dist']);
  });

  it('run when what is left of the first one is old', () => {
    const old = new Date(Date.now() - 3_600_000);
    fs.lutimesSync(path.join(work, '.dist.bulwark-lock'), old, old);
    replaceFolder(path.join(work, 'dist'), FILES);
    expect(fs.readdirSync(work)).toEqual(['dist']);
  });
});
