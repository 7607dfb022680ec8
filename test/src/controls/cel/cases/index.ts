import type { Cases } from './cases';
import { extendedLists } from './extended-lists';
import { format } from './format';
import { ip } from './ip';
import { lists } from './lists';
import { quantity } from './quantity';
import { regex } from './regex';
import { semver } from './semver';
import { sets } from './sets';
import { stringFormat } from './string-format';
import { strings } from './strings';
import { url } from './url';

export const LIBRARIES: readonly Cases[] = [
  strings,
  regex,
  lists,
  url,
  quantity,
  sets,
  stringFormat,
  ip,
  format,
  semver,
  extendedLists,
];

/** What changed with the versions of CEL in the API server; the newer ones give -1. */
export const ERRORS_BEFORE_1_33: readonly string[] = [
  "'tacocat'.indexOf('a', 7)",
  "'tacocat'.indexOf('a', 8)",
  "'tacocat'.lastIndexOf('a', 7)",
  "''.indexOf('a')",
  "''.lastIndexOf('a')",
];
