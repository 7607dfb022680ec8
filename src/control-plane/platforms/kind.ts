import { toYaml } from '../../manifest/yaml';
import { KUBE_PROXY_CONFIGURATION } from '../flags';
import { clusterConfiguration, KUBEADM_LAYOUT, V1BETA3, V1BETA4 } from './kubeadm';
import type { Platform } from './platform';

/** First version for which kind writes kubeadm's v1beta4. */
const LISTED_MINOR = 36;

/** kind: clusters for development and CI, whose nodes are containers. */
export const KIND: Platform = {
  name: 'kind',
  layout: KUBEADM_LAYOUT,
  emit: (plan) => {
    const form = plan.target.minor >= LISTED_MINOR ? V1BETA4 : V1BETA3;
    // kind finds the document to patch by its kind, and sets the version itself.
    const { kubernetesVersion: _set, ...cluster } = clusterConfiguration(plan, form) as Record<
      string,
      unknown
    >;
    return {
      files: new Map([
        [
          'kind.yaml',
          [
            {
              apiVersion: 'kind.x-k8s.io/v1alpha4',
              kind: 'Cluster',
              nodes: [
                {
                  role: 'control-plane',
                  extraMounts: [{ hostPath: 'files', containerPath: plan.layout.folder, readOnly: true }],
                },
                { role: 'worker' },
              ],
              kubeadmConfigPatches: [cluster, plan.kubelet, KUBE_PROXY_CONFIGURATION].map((object) =>
                toYaml([object]),
              ),
            },
          ],
        ],
      ]),
      needsFiles: true,
      apply: APPLY,
    };
  },
};

const APPLY = `\
The folder \`files/\` is mounted into the node. Make the key in it as described above, on your own machine and outside of git;
then, in the folder of \`kind.yaml\`, since its path is relative:

    kind create cluster --config kind.yaml

The network plugin of kind enforces NetworkPolicies from kind 0.24 on. \`serverTLSBootstrap\` needs an approval after the start:

    kubectl get csr -o name | xargs kubectl certificate approve
`;
