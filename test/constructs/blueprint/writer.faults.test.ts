import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { compileSources } from '../../support/compiled-sources';
import type { Fault, FaultAt, Operation } from '../../support/faulty-files';
import type { Outcome, Run } from '../../support/faulty-synth';
import { edition } from '../../support/two-editions';

/** Everything in a folder: path, then content, target of a link, or that it is a folder; with the mode. */
type Tree = Readonly<Record<string, string>>;

/** A state of the file system from which a synthesis starts. */
interface Start {
  /** Makes the state in an empty folder. `dist` in it is the outdir. */
  readonly prepare: (work: string) => void;
  /** Where the folder of manifests really is. @default 'dist' */
  readonly folder?: string;
  /** Whether an older synthesis can be found there. @default true */
  readonly hasOld?: boolean;
  /** Whether the files of the newer edition are there before the synthesis. @default false */
  readonly hasNew?: boolean;
}

const USUAL = 'an outdir with files of the user';

const STARTS: Readonly<Record<string, Start>> = {
  [USUAL]: { prepare: userFolder },
  'no outdir': { prepare: () => undefined, hasOld: false },
  'an outdir that is a link to a folder': {
    prepare: (work) => {
      userFolder(work);
      fs.renameSync(path.join(work, 'dist'), path.join(work, 'manifests'));
      fs.symlinkSync('manifests', path.join(work, 'dist'));
    },
    folder: 'manifests',
  },
  'a synthesis that was killed between its two renames': {
    prepare: (work) => {
      userFolder(work);
      fs.cpSync(path.join(work, 'dist'), path.join(work, '.dist.bulwark-new'), COPY);
      fs.renameSync(path.join(work, 'dist'), path.join(work, '.dist.bulwark-old'));
    },
  },
  'a synthesis that was killed while it wrote': {
    prepare: (work) => {
      userFolder(work);
      fs.mkdirSync(path.join(work, '.dist.bulwark-new'));
      fs.writeFileSync(path.join(work, '.dist.bulwark-new/00-cluster.k8s.yaml'), '# Made by cdk8s-');
    },
  },
  'a synthesis that was killed while it tidied up': {
    prepare: (work) => {
      userFolder(work);
      fs.cpSync(path.join(work, 'dist'), path.join(work, '.dist.bulwark-old'), COPY);
      fs.rmSync(path.join(work, '.dist.bulwark-old/README.md'));
      edition('new', path.join(work, 'dist')).synth();
      // That synthesis has tidied up as well.
      fs.mkdirSync(path.join(work, '.dist.bulwark-old'));
      fs.writeFileSync(path.join(work, '.dist.bulwark-old/10-beta.k8s.yaml'), '');
    },
    hasNew: true,
  },
};

const COPY = { recursive: true, verbatimSymlinks: true } as const;
const CHILDREN_AT_ONCE = 3;
const KILLS: readonly Fault[] = ['kill before', 'kill halfway', 'kill after'];

/** Files of the older edition between things that no synthesis made. */
function userFolder(work: string): void {
  const dist = path.join(work, 'dist');
  edition('old', dist).synth();
  fs.writeFileSync(path.join(dist, 'README.md'), 'Mine.\n');
  fs.chmodSync(path.join(dist, 'README.md'), 0o640);
  fs.mkdirSync(path.join(dist, 'control-plane/audit'), { recursive: true });
  fs.writeFileSync(path.join(dist, 'control-plane/audit/policy.yaml'), 'kind: Policy\n');
  fs.chmodSync(path.join(dist, 'control-plane'), 0o2777);
  fs.symlinkSync('../elsewhere/notes', path.join(dist, 'notes'));
  fs.chmodSync(dist, 0o750);
}

function treeOf(folder: string): Tree {
  const tree: Record<string, string> = {};
  const visit = (name: string) => {
    const file = path.join(folder, name);
    const stat = fs.lstatSync(file);
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isSymbolicLink()) tree[name] = `-> ${fs.readlinkSync(file)}`;
    else if (stat.isFile()) tree[name] = `${mode} ${fs.readFileSync(file, 'utf8')}`;
    else {
      tree[name] = `${mode} folder`;
      for (const entry of fs.readdirSync(file).sort()) visit(path.join(name, entry));
    }
  };
  if (fs.existsSync(folder)) visit('.');
  return tree;
}

describe('a synthesis that fails at any file operation', () => {
  let compiled: string;
  let root: string;

  beforeAll(() => {
    compiled = compileSources();
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-faults-'));
  });

  afterAll(() => {
    fs.rmSync(compiled, { recursive: true, force: true });
    fs.rmSync(root, { recursive: true, force: true });
  });

  /** Runs in a child process; undefined when it was killed. */
  function synthesize(runs: readonly Run[]): Promise<Outcome[] | undefined> {
    const program = path.join(compiled, 'test/support/faulty-synth.js');
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [program, JSON.stringify(runs)], (error, stdout) => {
        if (error?.signal === 'SIGKILL') resolve(undefined);
        else if (error) reject(new Error(error.message));
        else resolve(JSON.parse(stdout) as Outcome[]);
      });
    });
  }

  describe.each(Object.entries(STARTS))('from %s', (name, { prepare, folder = 'dist', hasOld, hasNew }) => {
    let template: string;
    let operations: readonly Operation[];
    let before: Tree;
    let old: Tree;
    let next: Tree;
    let hadLeftovers: boolean;

    const at = (work: string, entry: string) => path.join(work, entry);
    const leftovers = (work: string) =>
      fs.readdirSync(work).filter((entry) => ![folder, 'dist'].includes(entry));
    const makeWork = () => {
      const work = fs.mkdtempSync(path.join(root, 'work-'));
      fs.cpSync(template, work, COPY);
      // A copy has the modes that the umask allows.
      const modes = Object.entries(before).filter(([, text]) => !text.startsWith('->'));
      for (const [file, text] of modes.reverse()) fs.chmodSync(at(work, file), parseInt(text, 8));
      return work;
    };

    beforeAll(async () => {
      template = fs.mkdtempSync(path.join(root, 'template-'));
      prepare(template);
      before = treeOf(template);
      hadLeftovers = leftovers(template).length > 0;
      const retired = at(template, `.${folder}.bulwark-old`);
      old = hasNew || !fs.existsSync(retired) ? treeOf(at(template, folder)) : treeOf(retired);
      const work = makeWork();
      const [outcome] = (await synthesize([{ outdir: at(work, 'dist') }]))!;
      expect(outcome!.error).toBeUndefined();
      operations = outcome!.operations;
      next = treeOf(at(work, folder));
    });

    /** Every fault of the given kinds that leads to a state of its own, each with a folder of its own. */
    function runsOf(faults: readonly Fault[], pretend?: boolean): { work: string; run: Run; at: FaultAt }[] {
      return operations.flatMap(({ name: operation }, index) =>
        faults
          // After one operation is before the next, and only two can be done by half.
          .filter((fault) => fault !== 'kill after' || index === operations.length - 1)
          .filter((fault) => fault !== 'kill halfway' || ['writeFileSync', 'rmSync'].includes(operation))
          .map((fault) => {
            const work = makeWork();
            const faultAt = { k: index + 1, fault, pretend };
            return { work, run: { outdir: at(work, 'dist'), at: faultAt }, at: faultAt };
          }),
      );
    }

    /** All old files or all new ones; or no folder, and both beside it. */
    function expectAllOrNothing(work: string, { k }: FaultAt): void {
      const now = treeOf(at(work, folder));
      if (now['.'] || hasOld === false) {
        expect([old, next]).toContainEqual(now);
        return;
      }
      const retired = at(work, `.${folder}.bulwark-old`);
      expect(treeOf(retired)).toEqual(old);
      if (hadLeftovers && before[path.basename(retired)]) return;
      expect(treeOf(at(work, `.${folder}.bulwark-new`))).toEqual(next);
      expect(operations[k - 2]).toEqual({
        name: 'renameSync',
        path: expect.stringMatching(new RegExp(`/${folder}$`)),
      });
    }

    /** An undisturbed synthesis makes everything new and leaves nothing behind. */
    function expectRepair(work: string): void {
      edition('new', at(work, 'dist')).synth();
      expect(treeOf(at(work, folder))).toEqual(next);
      expect(leftovers(work)).toEqual([]);
    }

    it('makes the new files and keeps every foreign one when nothing fails', () => {
      const elsewhere = path.join(fs.mkdtempSync(path.join(root, 'fresh-')), 'dist');
      edition('new', elsewhere).synth();
      const { '.': mode, ...fresh } = treeOf(elsewhere);
      const foreign = Object.entries(old).filter(([file]) => !file.endsWith('.k8s.yaml'));
      expect(next).toEqual({ '.': mode, ...Object.fromEntries(foreign), ...fresh });
      expect(Object.keys(fresh)).toHaveLength(4);
    });

    it('holds all old or all new files wherever it is killed, and the next one completes', async () => {
      const pretended = runsOf(KILLS, true);
      const outcomes = (await synthesize(pretended.map(({ run }) => run)))!;
      pretended.forEach(({ work, at: faultAt }, index) => {
        expect(outcomes[index]!.operations).toHaveLength(faultAt.k);
        expectAllOrNothing(work, faultAt);
        expectRepair(work);
      });
    });

    // Each of these takes a process, so they are for the usual start only.
    const itForReal: (...args: Parameters<typeof it>) => void = name === USUAL ? it : () => undefined;
    itForReal(
      'holds all old or all new files wherever SIGKILL comes, and the next one completes',
      async () => {
        const queue = runsOf(KILLS);
        expect(queue.length).toBeGreaterThan(operations.length + 5);
        const work = async () => {
          for (let next = queue.pop(); next; next = queue.pop()) {
            expect(await synthesize([next.run])).toBeUndefined();
            expectAllOrNothing(next.work, next.at);
            expectRepair(next.work);
          }
        };
        await Promise.all(Array.from({ length: CHILDREN_AT_ONCE }, work));
      },
      120_000,
    );

    it.each(['EIO', 'ENOSPC'] as const)(
      'says so and changes nothing when an operation fails with %s',
      async (code) => {
        const runs = runsOf([code]);
        const outcomes = (await synthesize(runs.map(({ run }) => run)))!;
        runs.forEach(({ work, at: { k } }, index) => {
          const { error, operations: done } = outcomes[index]!;
          if (error) {
            const clear = `Cannot write to ${at(work, folder)} (ENOSPC): the disk is full. Free some space. What was there before is unchanged.`;
            expect(error).toEqual(
              code === 'ENOSPC' ? { isClear: true, message: clear } : expect.objectContaining({ code }),
            );
            // What an earlier synthesis left is still there when it could not be moved or removed.
            if (hadLeftovers) expect([old, {}]).toContainEqual(treeOf(at(work, folder)));
            else expect(treeOf(work)).toEqual(before);
          } else {
            // The new files were in place, and only the old folder could not be removed at the first attempt.
            expect(done[k - 1]!.name).toMatch(/^(rm|rmdir|unlink)Sync$/);
            expect(treeOf(at(work, folder))).toEqual(next);
            expect(leftovers(work)).toEqual([]);
          }
          expectRepair(work);
        });
      },
    );
  });
});
