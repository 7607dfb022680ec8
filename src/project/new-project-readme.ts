import type { NewProject } from './new-project';

/** The README of a new project, with the way of a secret into it. */
export function readme({ name, target }: NewProject): string {
  return `# ${name}

A Kubernetes ${target} cluster as code, with two tenants that cannot reach each other. Made with
[Bulwark](https://www.npmjs.com/package/cdk8s-bulwark).

    npm install
    npm run synth   # writes dist/ and says what is in it
    npm test        # controls, isolation and a snapshot of every manifest
    npm run check   # asks the same of dist/, as it would of any manifests

\`main.ts\` is the cluster. Commit \`dist/\`, \`test/__snapshots__/\` and \`package-lock.json\` with it: then a change of the code shows
in review as a change of manifests. \`kubectl apply -f dist\`, Argo CD or Flux take it from there.

## A secret

A secret is committed as ciphertext that the [sealed-secrets](https://github.com/bitnami-labs/sealed-secrets) controller opens in
the cluster, and nobody else can. With the controller installed:

1. Get its certificate, which is public:

       kubeseal --fetch-cert > cert.pem

2. Seal the value. It comes from a file or a pipe, never from an argument, which other users of the machine would see:

       npx bulwark seal db-login -n shop-web --cert cert.pem --from-stdin password -o sealed/db-login.yaml < plain/password.txt

   Git passes over \`plain/\`, so that it cannot be committed by mistake.

3. Say in \`main.ts\` that the cluster has the controller, and mount the secret as files below \`/etc/secrets/db-login\`:

       const blueprint = new Blueprint({ target: ClusterTarget.kubernetes('${target}', { sealedSecrets: true }), outdir });

       // in shop(), with SealedSecret among the imports
       const login = new SealedSecret(tenant.namespace('web'), 'db-login', { file: 'sealed/db-login.yaml' });
       api.useSecret(login);

4. Delete \`plain/password.txt\`, and commit \`sealed/db-login.yaml\`. \`npx bulwark verify sealed --cert cert.pem\` tells whether all is
   well with it.
`;
}
