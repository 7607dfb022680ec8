import { contains, parseCidr, type Cidr } from './cidr';

/**
 * Addresses at which clouds hand credentials to whoever asks from a node. Kept out of every wide egress rule, since a pod
 * that reaches one can become the node (MITRE ATT&CK T1552.005, Microsoft MS-M9018).
 */
export const METADATA_ADDRESSES: readonly Cidr[] = [
  '169.254.169.254/32', // AWS, GCP, Azure, Oracle, DigitalOcean, OpenStack
  '169.254.169.252/32', // GKE's own metadata server, behind the address above
  '169.254.170.2/32', // AWS ECS task credentials
  '169.254.170.23/32', // AWS EKS Pod Identity
  '169.254.0.23/32', // Tencent
  '169.254.42.42/32', // Scaleway
  '100.100.100.200/32', // Alibaba Cloud
  '168.63.129.16/32', // Azure WireServer
  'fd00:ec2::254/128', // AWS over IPv6
  'fd00:ec2::23/128', // AWS EKS Pod Identity over IPv6
  'fd20:ce::254/128', // GCP over IPv6
  'fd00:c1::a9fe:a9fe/128', // Oracle over IPv6
  'fd00:100::100:200/128', // Alibaba Cloud over IPv6
  'fd00:a9fe:a9fe::1/128', // Akamai over IPv6
  'fd00:42::42/128', // Scaleway over IPv6
  'fe80::a9fe:a9fe/128', // OpenStack over IPv6
].map(parseCidr);

/** Every metadata address, as a block of one. */
export const METADATA_BLOCKS: readonly string[] = METADATA_ADDRESSES.map(({ text }) => text);

/** The metadata addresses inside a block, as the `except` list of an ipBlock that must not reach them. */
export function metadataExcept(block: Cidr): string[] {
  return METADATA_ADDRESSES.filter((address) => contains(block, address)).map((address) => address.text);
}
