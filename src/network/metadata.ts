import { contains, parseCidr, type Cidr } from './cidr';

/**
 * Addresses at which clouds hand credentials to whoever asks from a node. Kept out of every wide egress rule, since a pod
 * that reaches one can become the node (MITRE ATT&CK T1552.005, Microsoft MS-M9018).
 */
const METADATA_ADDRESSES: readonly Cidr[] = [
  '169.254.169.254/32', // AWS, GCP, Azure, Oracle, DigitalOcean
  '169.254.170.2/32', // AWS ECS task credentials
  '169.254.170.23/32', // AWS EKS Pod Identity
  '100.100.100.200/32', // Alibaba Cloud
  '168.63.129.16/32', // Azure WireServer
  'fd00:ec2::254/128', // AWS over IPv6
  'fd00:ec2::23/128', // AWS EKS Pod Identity over IPv6
].map(parseCidr);

/** The metadata addresses inside a block, as the `except` list of an ipBlock that must not reach them. */
export function metadataExcept(block: Cidr): string[] {
  return METADATA_ADDRESSES.filter((address) => contains(block, address)).map((address) => address.text);
}
