import type { Cases } from './cases';

export const sets: Cases = {
  about: 'sets',
  since: 30,
  values: [
    ['sets.contains([1],[1])', 'true'],
    ['sets.contains([], [])', 'true'],
    ['sets.contains([], [1])', 'false'],
    ['sets.contains([1, 2, 3, 4], [2, 3])', 'true'],
    ['sets.contains([1], [dyn(1.0)])', 'true'],
    ['sets.contains([dyn(1), dyn(2.0), dyn(3u)], [dyn(1.0), dyn(2u), dyn(3)])', 'true'],
    ["sets.contains(['a'], ['b'])", 'false'],
    ['sets.equivalent([], [])', 'true'],
    ['sets.equivalent([1], [1, 1])', 'true'],
    ['sets.equivalent([1, 2], [2, 1])', 'true'],
    ['sets.equivalent([1], [1, 2])', 'false'],
    ['sets.intersects([1], [])', 'false'],
    ['sets.intersects([1], [1, 2])', 'true'],
    ['sets.intersects([[1], [2, 3]], [[1, 2], [2, 3]])', 'true'],
    ["sets.intersects([quantity('1')], [quantity('1000m')])", 'true'],
  ],
};
