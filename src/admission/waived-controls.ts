import { namespaceOf } from '../manifest/inventory';
import { ALLOWANCES_NAME } from '../manifest/kinds';
import { isObject, type Manifest } from '../manifest/manifest';

/** The controls that the allowances of each namespace waive, as the guard rails read them. */
export function waivedControls(manifests: readonly Manifest[]): ReadonlyMap<string, ReadonlySet<string>> {
  const allowances = manifests.filter(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata?.name === ALLOWANCES_NAME,
  );
  return new Map(
    allowances.map((manifest) => {
      const list = isObject(manifest.data) ? manifest.data.waivedControls : undefined;
      return [namespaceOf(manifest), new Set(typeof list === 'string' ? list.split('\n') : [])];
    }),
  );
}
