import { BulwarkError } from '../errors';
import { PROTOCOLS, type Protocol } from './ports';

/**
 * Reads a port: `8080`, which is TCP, or `UDP 53`, `53/UDP` and the like.
 * @throws BulwarkError when it is none.
 */
export function parsePort(text: string): { readonly protocol: Protocol; readonly port: number } {
  const parts = text
    .trim()
    .toUpperCase()
    .split(/[\s/:]+/);
  const protocol = PROTOCOLS.find((name) => parts.includes(name)) ?? 'TCP';
  const others = parts.filter((part) => part !== protocol);
  const port = Number(others[0]);
  if (others.length !== 1 || !Number.isInteger(port) || port < 1 || port > 65535)
    throw new BulwarkError(`'${text}' is not a port. Write a number, or one with its protocol: 'UDP 53'.`);
  return { protocol, port };
}
