import type { Cases } from './cases';

export const extendedLists: Cases = {
  about: 'the extension for lists',
  since: 35,
  values: [
    ['[1,2].reverse()', '[2, 1]'],
    ['[1,2].slice(0,1)', '[1]'],
    ['[[1],[2]].flatten()', '[1, 2]'],
    ['[1,2,2].distinct()', '[1, 2]'],
    ['lists.range(3)', '[0, 1, 2]'],
    ['[1,2,3,4].slice(1, 3)', '[2, 3]'],
    ['[[1],[2,3]].flatten(1)', '[1, 2, 3]'],
    ['[[[1]],[[2]]].flatten(2)', '[1, 2]'],
    ['[[[1]],[[2]]].flatten(0)', '[[[1]], [[2]]]'],
    ['[1,2,2,1].distinct()', '[1, 2]'],
    ['[dyn(1),dyn(1.0)].distinct()', '[1]'],
    ['[3,1,2].sort()', '[1, 2, 3]'],
    ["['b','a'].sort()", '["a", "b"]'],
    ['[].sort()', '[]'],
    ['lists.range(0)', '[]'],
    ['[].reverse()', '[]'],
  ],
  errors: [
    '[1,2,3,4].slice(-1, 3)',
    '[1,2,3,4].slice(3, 1)',
    '[1,2,3,4].slice(0, 5)',
    '[[1]].flatten(-1)',
    "[dyn(1),dyn('a')].sort()",
    '[null].sort()',
    'lists.range(-1)',
    'lists.range(10000001)',
  ],
};
