import * as fc from 'fast-check';

/**
 * Random tests try the same cases in each run, so that a change is judged by what it changes. `BULWARK_SEED=random` looks
 * for new cases, and `BULWARK_SEED=NUMBER` repeats those of a run that failed.
 */
const seed = process.env['BULWARK_SEED'] ?? '1';

if (seed !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
