import { Construct } from 'constructs';
import type { AuditPolicy } from '../../src/control-plane/audit-policy';
import { controlPlaneFiles } from '../../src/control-plane/emit';
import { rotationStages, type EncryptionProvider } from '../../src/control-plane/encryption';
import {
  planControlPlane,
  type ControlPlaneOptions,
  type ControlPlanePlan,
} from '../../src/control-plane/plan';
import { PLATFORMS } from '../../src/control-plane/platforms';
import type { PlatformName } from '../../src/control-plane/platforms/platform';
import { BulwarkError } from '../../src/errors';
import { toYaml } from '../../src/manifest/yaml';
import { addOutputFile } from '../blueprint/output-file';
import { targetOf } from '../blueprint/settings';

/** Properties of {@link ControlPlane}. */
export interface ControlPlaneProps extends ControlPlaneOptions {
  /** The ways of installing Kubernetes that files are made for. @default ['kubeadm'] */
  readonly platforms?: readonly PlatformName[];
  /**
   * The provider that comes after the one of `encryption`: adds the steps of the change as files.
   * @default none: nothing is to be changed
   */
  readonly rotateTo?: EncryptionProvider;
}

/**
 * The files of the nodes that manifests cannot reach: who signs in, who decides, what is refused, what is encrypted in etcd,
 * what is logged, and the flags of every component. They are written to `control-plane/PLATFORM/` below the output folder,
 * each with an `APPLY.md`; `kubectl apply -f dist` does not read them.
 *
 * They are no `ApiObject`s, since cdk8s gives those a name and the API server refuses to start with a configuration that has
 * one. Keys are made on the node and are in no file here.
 *
 * Sources: CIS 1.12 sections 1 to 4; NSA/CISA 1.2; KEP-3331, KEP-3221, KEP-3299, KEP-5793.
 *
 * @example
 * new ControlPlane(cluster, 'control-plane', {
 *   authentication: { issuers: [{ url: 'https://login.example.com', audiences: ['kubernetes'] }] },
 * });
 */
export class ControlPlane extends Construct {
  /** The audit policy that is in force. */
  readonly auditPolicy: AuditPolicy;

  /** @throws BulwarkError for whatever the API server would refuse or that would leave the cluster open. */
  constructor(scope: Construct, id: string, props: ControlPlaneProps = {}) {
    super(scope, id);
    const plans = (props.platforms ?? ['kubeadm']).map((name) => this.emit(name, props));
    if (plans.length === 0) {
      throw new BulwarkError(
        `${this.node.path}: platforms is empty, so no file would be made. Use one of: ${Object.keys(PLATFORMS).join(', ')}.`,
      );
    }
    this.auditPolicy = plans[0]!.audit;
  }

  private emit(name: PlatformName, props: ControlPlaneProps): ControlPlanePlan {
    const platform = PLATFORMS[name];
    const plan = this.explain(() => planControlPlane(props, targetOf(this), platform.layout));
    const folder = `control-plane/${name}`;
    for (const [path, content] of controlPlaneFiles(plan, platform)) {
      addOutputFile(this, { path: `${folder}/${path}`, content: () => content });
    }
    if (props.rotateTo && name !== 'talos') this.emitRotation(folder, plan, props.rotateTo);
    return plan;
  }

  private emitRotation(folder: string, { encryption }: ControlPlanePlan, to: EncryptionProvider): void {
    const stages = this.explain(() => rotationStages(encryption, to));
    for (const { name, why, configuration } of stages) {
      addOutputFile(this, {
        path: `${folder}/rotation/${name}.yaml.template`,
        content: () => `# ${why}\n${toYaml([configuration])}`,
      });
    }
  }

  private explain<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      throw error instanceof BulwarkError ? new BulwarkError(`${this.node.path}: ${error.message}`) : error;
    }
  }
}
