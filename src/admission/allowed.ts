import { ANY } from '../manifest/kinds';
import type { AllowanceList } from '../tenancy/allowances';
import type { NamedExpression } from './policy';

/** Variables that read the allowances of the request's namespace. */
export function allowanceVariables(lists: readonly AllowanceList[]): NamedExpression[] {
  return lists.map((name) => ({
    name,
    // A text without separators is a list of one, also the empty text of a key that is missing.
    expression: `params.?data[?'${name}'].orValue('').split('\\n').filter(value, value != '')`,
  }));
}

/** Whether nothing is asked of a list: its one element stands for any. */
export function allowsAny(list: AllowanceList): string {
  return `variables.${list} == ['${ANY}']`;
}
