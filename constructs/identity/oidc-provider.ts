import type { OidcIssuer } from '../../src/control-plane/authentication';
import { toYaml } from '../../src/manifest/yaml';
import { BulwarkError } from '../../src/errors';
import { Subject } from './subject';

/** Properties of an {@link OidcProvider}: the same values that the API server is started with. */
export interface OidcProviderProps {
  /** `https` address of the provider, as its tokens name it. */
  readonly issuer: string;
  /** Id of the client that the provider knows the cluster as. */
  readonly clientId: string;
  /**
   * What the API server puts before users and groups of this provider, so that nobody there can be called `system:masters`.
   * @default 'oidc:'
   */
  readonly prefix?: string;
  /** Claim that lists the groups of a person. @default 'groups' */
  readonly groupsClaim?: string;
}

/** The API server as people reach it. */
export interface KubeconfigOptions {
  /** Name of the cluster, as `kubectl config get-contexts` shows it. */
  readonly cluster: string;
  /** `https` address of the API server. */
  readonly server: string;
  /** Certificate authority of the API server, as PEM. @default the system's */
  readonly certificateAuthority?: string;
  /** Namespace that commands are about when they name none. @default 'default' */
  readonly namespace?: string;
}

/**
 * People log in at a provider of OpenID Connect and are known by the groups they are in there. Nobody gets a client
 * certificate: it cannot be taken back before it expires, and groups in it cannot be changed.
 *
 * Sources: CIS 1.11 3.1.1 (no client certificates for users); Kubernetes, "Authenticating": OpenID Connect Tokens.
 *
 * @example
 * const sso = new OidcProvider({ issuer: 'https://login.example.com', clientId: 'kubernetes' });
 * new Tenant(cluster, 'shop', { groups: { developers: [sso.group('shop-developers')] } });
 */
export class OidcProvider {
  private readonly prefix: string;

  /** @throws BulwarkError for an address that is not `https`, no client, and for a prefix that lets somebody call themselves `system:`. */
  constructor(private readonly props: OidcProviderProps) {
    this.prefix = props.prefix ?? 'oidc:';
    checkHttps('issuer', props.issuer);
    if (!/^\S+$/.test(props.clientId)) {
      throw new BulwarkError(
        `OidcProvider: clientId is '${props.clientId}', and the API server takes no token that is not for a client. Write the id that the provider knows the cluster as.`,
      );
    }
    if (!/^[^\s:]+[:/#-]$/.test(this.prefix) || this.prefix.startsWith('system:')) {
      throw new BulwarkError(
        `OidcProvider: prefix '${this.prefix}' does not set the provider's people apart from those of Kubernetes: whoever may name a ` +
          "group there could be in system:masters. Use a word and a colon, such as 'oidc:', here and for the API server.",
      );
    }
  }

  /** A group of the provider, to bind roles to. */
  group(name: string): Subject {
    return Subject.group(`${this.prefix}${name}`);
  }

  /** A user of the provider, to bind roles to. Prefer a group: people come and go. */
  user(name: string): Subject {
    return Subject.user(`${this.prefix}${name}`);
  }

  /** The provider as the files of a {@link ControlPlane} name it. */
  asIssuer(): OidcIssuer {
    const { issuer, clientId, groupsClaim = 'groups' } = this.props;
    const { prefix } = this;
    return {
      url: issuer,
      audiences: [clientId],
      username: { claim: 'sub', prefix },
      groups: { claim: groupsClaim, prefix },
    };
  }

  /** What the API server has to be told (`--oidc-issuer-url` and its kin), so that it knows people by the same names. */
  apiServerFlags(): readonly string[] {
    const { issuer, clientId, groupsClaim = 'groups' } = this.props;
    return [
      `--oidc-issuer-url=${issuer}`,
      `--oidc-client-id=${clientId}`,
      `--oidc-groups-claim=${groupsClaim}`,
      `--oidc-groups-prefix=${this.prefix}`,
      `--oidc-username-prefix=${this.prefix}`,
    ];
  }

  /**
   * A kubeconfig without any secret, the same for everybody: kubectl asks kubelogin (`kubectl oidc-login`), which opens the
   * provider's login in the browser and hands over a token of as short a life as the provider gives it.
   * @throws BulwarkError for an address that is not `https`.
   */
  kubeconfig(options: KubeconfigOptions): string {
    const { issuer, clientId } = this.props;
    const { cluster, server, certificateAuthority, namespace } = options;
    checkHttps('server', server);
    const authority = certificateAuthority && {
      'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64'),
    };
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'kubectl',
      args: ['oidc-login', 'get-token', `--oidc-issuer-url=${issuer}`, `--oidc-client-id=${clientId}`],
      interactiveMode: 'IfAvailable',
      provideClusterInfo: false,
    };
    return toYaml([
      {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: cluster, cluster: { server, ...authority } }],
        users: [{ name: 'oidc', user: { exec } }],
        contexts: [{ name: cluster, context: { cluster, user: 'oidc', ...(namespace && { namespace }) } }],
        'current-context': cluster,
      },
    ]);
  }
}

function checkHttps(field: string, address: string): void {
  if (/^https:\/\/[^\s/]+/.test(address)) return;
  throw new BulwarkError(
    `OidcProvider: ${field} is '${address}', and a login over anything but TLS can be read and changed on its way. Write an address that begins with https://.`,
  );
}
