import type { Manifest } from '../manifest/manifest';
import type { Patch } from './reading';
import type { Call, Code } from './source-text';

/** Properties of a construct, in the order in which they are written. */
export type Props = { readonly [key: string]: Code | undefined };

/** A method of a construct, and what it is called with. */
export type MethodCall = readonly [method: string, ...args: Code[]];

/** A constant that comes before the construct that uses it. */
export interface Declaration {
  readonly kind: string;
  readonly name: string;
  readonly code: Call;
}

/** An object as a construct. */
export interface Made {
  readonly as: 'construct';
  /** Its class. */
  readonly construct: string;
  /** Undefined for a construct that takes none. */
  readonly props?: Props;
  readonly before?: readonly Declaration[];
  readonly patches?: readonly Patch[];
  /** What is said to the construct once it is there, by method. */
  readonly calls?: readonly MethodCall[];
  /** Of a workload. */
  readonly pod?: MadePod;
}

/** What the pods of a workload get from its construct. */
export interface MadePod {
  /** Name of their ServiceAccount. */
  readonly account: string;
  /** Whether the account is one that the construct makes. */
  readonly ownsAccount: boolean;
  /** Whether a short-lived token is mounted. */
  readonly token: boolean;
  /** Labels that all of the pods have and no others. */
  readonly labels: Readonly<Record<string, string>>;
  /** Ports that the construct knows of, as `80/TCP`. */
  readonly ports: readonly string[];
  readonly hostNetwork: boolean;
}

/** How an object is written in TypeScript. */
export type Representation =
  | Made
  /** By what is said to the construct of another object. */
  | {
      readonly as: 'call';
      /** As whom people know it. */
      readonly construct: string;
      /** The object whose construct it is said to. */
      readonly of: Manifest;
      readonly calls: readonly MethodCall[];
    }
  /** By a statement that makes no construct that is ours to name. */
  | { readonly as: 'statement'; readonly construct: string; readonly code: Call }
  /** As it is, and why no construct says it. */
  | { readonly as: 'plain'; readonly because: string; readonly manifest?: Manifest };
