/**
 * When the kubelet pulls an image of which nothing else is said, as the API server decides it: each time where the tag is `latest`,
 * with a digest or without, or where there is neither; and else once.
 */
export function pullPolicyOf(image: string): 'Always' | 'IfNotPresent' {
  const [name = ''] = image.split('@');
  const tag = /:([^/:]+)$/.exec(name)?.[1];
  return tag === 'latest' || (tag === undefined && !image.includes('@')) ? 'Always' : 'IfNotPresent';
}
