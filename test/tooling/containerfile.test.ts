import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DriftWatch } from '../../constructs';
import { blueprint, objectOf, specOf } from '../constructs/support';
import { containerfile, wordsOf } from '../support/containerfile';

const STAGES = containerfile();
const RUN = STAGES.at(-1)!;

const read = (name: string) => JSON.parse(readFileSync(join(__dirname, '../..', name), 'utf8'));

describe('the Containerfile', () => {
  it('begins with images that are named by their digests', () => {
    for (const stage of STAGES) {
      expect(wordsOf(stage, 'FROM')[0]).toMatch(/^[a-z0-9.-]+\.[a-z]+\/[^@\s]+:[^@\s]+@sha256:[0-9a-f]{64}$/);
    }
  });

  it('needs no shell to run, and leaves nothing in the image but packages and manifests', () => {
    const names = RUN.map(({ name }) => name);
    expect(names).toEqual(['FROM', 'COPY', 'COPY', 'USER', 'ENTRYPOINT', 'CMD']);
    expect(RUN.filter(({ name }) => /ENTRYPOINT|CMD/.test(name)).every(({ isJson }) => isJson)).toBe(true);
  });

  it('copies what a project has, and from a stage what it has made there', () => {
    const copies = STAGES.flat().filter(({ name }) => name === 'COPY');
    const sources = copies
      .filter(({ flags }) => flags.length === 0)
      .flatMap(({ words }) => words.slice(0, -1));
    expect(sources).toEqual(['package.json', 'package-lock.json', 'dist']);
    const [, , stage] = wordsOf(STAGES[0]!, 'FROM');
    const [copied] = copies.filter(({ flags }) => flags.length > 0);
    expect(copied!.flags).toEqual([`--from=${stage}`]);
    expect(copied!.words[0]).toBe(`${wordsOf(STAGES[0]!, 'WORKDIR')[0]}/node_modules`);
  });

  it('runs no script of a package, and no package that runs needs one', () => {
    expect(wordsOf(STAGES[0]!, 'RUN')).toEqual(
      expect.arrayContaining(['ci', '--omit=dev', '--ignore-scripts']),
    );
    const packages: [string, any][] = Object.entries(read('package-lock.json').packages);
    const needy = packages.filter(([, one]) => one.hasInstallScript && !one.dev && !one.optional);
    expect(needy.map(([name]) => name)).toEqual([]);
  });

  it('starts what a DriftWatch gives arguments to, as the user that it names', () => {
    const { cluster, web } = blueprint();
    new DriftWatch(web, 'watch', { image: `registry.example/watch@sha256:${'a'.repeat(64)}` });
    const { securityContext, containers } = specOf(objectOf(cluster, 'CronJob', 'watch')).jobTemplate.spec
      .template.spec;
    expect(wordsOf(RUN, 'USER')).toEqual([`${securityContext.runAsUser}:${securityContext.runAsGroup}`]);
    expect(securityContext.runAsUser).toBeGreaterThan(0);
    expect(containers[0].command).toBeUndefined();
    const command = wordsOf(RUN, 'CMD');
    expect(containers[0].args.slice(0, command.length)).toEqual(command);
    const modules = RUN.find(({ flags }) => flags.length > 0)!.words[1];
    const { name, bin } = read('package.json');
    expect(wordsOf(RUN, 'ENTRYPOINT')[1]).toBe(`${modules}/${name}/${bin.bulwark}`);
  });
});
