import { BulwarkError } from '../../src/errors';

/** An AWS role (IAM Roles for Service Accounts on EKS). */
export interface EksIdentity {
  /** `arn:aws:iam::ACCOUNT:role/NAME`. Its trust policy has to name this ServiceAccount as the subject. */
  readonly roleArn: string;
  /** Seconds until the token for AWS expires, 600 to 86400. @default 3600 */
  readonly expirationSeconds?: number;
}

/** A Google service account (Workload Identity Federation for GKE). */
export interface GkeIdentity {
  /** `NAME@PROJECT.iam.gserviceaccount.com`. It has to grant `roles/iam.workloadIdentityUser` to this ServiceAccount. */
  readonly serviceAccount: string;
}

/** A managed identity or application of Microsoft Entra (Workload ID on AKS). */
export interface AksIdentity {
  /** Client id, a UUID. It has to have a federated credential for this ServiceAccount. */
  readonly clientId: string;
  /** Tenant of Entra, a UUID. @default that of the cluster */
  readonly tenantId?: string;
  /** Seconds until the token for Entra expires, 3600 to 86400. @default 3600 */
  readonly expirationSeconds?: number;
}

const ARN = /^arn:aws(-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/;
const GOOGLE =
  /^[a-z][-a-z0-9]{4,28}[a-z0-9]@[a-z][-a-z0-9]{4,28}[a-z0-9](\.[a-z0-9.-]+)?\.iam\.gserviceaccount\.com$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Who a workload is for its cloud. The cloud trusts tokens of the ServiceAccount, so there is no key to keep, to mount or to
 * lose.
 */
export class CloudIdentity {
  /** @throws BulwarkError when the ARN is not that of a role, or for a lifetime that AWS does not take. */
  static eks({ roleArn, expirationSeconds = 3600 }: EksIdentity): CloudIdentity {
    if (!ARN.test(roleArn)) {
      throw wrong(
        'eks',
        'roleArn',
        roleArn,
        'the ARN of an IAM role, such as arn:aws:iam::111122223333:role/shop-api',
      );
    }
    checkLifetime('eks', expirationSeconds, 600);
    return new CloudIdentity({
      'eks.amazonaws.com/role-arn': roleArn,
      // The global endpoint is one more region on whose failure everything waits.
      'eks.amazonaws.com/sts-regional-endpoints': 'true',
      'eks.amazonaws.com/token-expiration': `${expirationSeconds}`,
    });
  }

  /** @throws BulwarkError when it is not the address of a Google service account. */
  static gke({ serviceAccount }: GkeIdentity): CloudIdentity {
    if (!GOOGLE.test(serviceAccount)) {
      const form = 'the address of a service account, such as shop-api@my-project.iam.gserviceaccount.com';
      throw wrong('gke', 'serviceAccount', serviceAccount, form);
    }
    return new CloudIdentity({ 'iam.gke.io/gcp-service-account': serviceAccount });
  }

  /** @throws BulwarkError when an id is no UUID, or for a lifetime that Entra does not take. */
  static aks({ clientId, tenantId, expirationSeconds = 3600 }: AksIdentity): CloudIdentity {
    for (const [field, id] of Object.entries({ clientId, tenantId })) {
      if (id !== undefined && !UUID.test(id)) {
        throw wrong('aks', field, id, 'a UUID, such as 8d6f0c3e-2a53-4d5c-9f63-2d1f8a1f0b7e');
      }
    }
    checkLifetime('aks', expirationSeconds, 3600);
    return new CloudIdentity(
      {
        'azure.workload.identity/client-id': clientId,
        ...(tenantId !== undefined && { 'azure.workload.identity/tenant-id': tenantId }),
        'azure.workload.identity/service-account-token-expiration': `${expirationSeconds}`,
      },
      // The webhook of AKS looks at nothing but pods with this label.
      { 'azure.workload.identity/use': 'true' },
    );
  }

  private constructor(
    /** Annotations of the ServiceAccount. */
    readonly annotations: Readonly<Record<string, string>>,
    /** Labels of the pods that run as it. */
    readonly podLabels: Readonly<Record<string, string>> = {},
  ) {}
}

function checkLifetime(cloud: string, seconds: number, least: number): void {
  if (Number.isInteger(seconds) && seconds >= least && seconds <= 86400) return;
  throw wrong(cloud, 'expirationSeconds', `${seconds}`, `a whole number from ${least} to 86400`);
}

function wrong(cloud: string, field: string, value: string, form: string): BulwarkError {
  return new BulwarkError(
    `CloudIdentity.${cloud}: ${field} is '${value}', and the cloud would refuse every request with it. Write ${form}.`,
  );
}
