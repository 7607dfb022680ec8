import { describeWithApiServer } from './apiserver/harness';
describeWithApiServer('scratch', (server) => {
  it('x', async () => {
    const s = server();
    const out: string[] = [s.version];
    const RB = '/apis/rbac.authorization.k8s.io/v1';
    const review = async (rules: any[], attrs: any, n: string) => {
      await s.request('POST', `${RB}/clusterroles`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: n }, rules });
      const b = await s.request('POST', `${RB}/clusterrolebindings`, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: n }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: n }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: n }] });
      if (b.status >= 300) out.push(JSON.stringify(b.body));
      await new Promise((r) => setTimeout(r, 700));
      const r = await s.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user: n, resourceAttributes: attrs } });
      out.push(`${n} ${JSON.stringify(rules)} ${JSON.stringify(attrs)} -> ${r.body.status?.allowed} `);
    };
    const v = (resource: string, verb: string, extra = {}) => [{ apiGroups: [''], resources: [resource], verbs: [verb], ...extra }];
    const exec = { namespace: 'a', verb: 'create', resource: 'pods', subresource: 'exec', name: 'p' };
    await review(v('pods/*', '*'), exec, 'u1');
    await review(v('*/*', '*'), exec, 'u2');
    await review(v('*/exec', '*'), exec, 'u3');
    await review(v('*', '*'), exec, 'u4');
    await review(v('pods', 'create', { resourceNames: ['p'] }), { namespace: 'a', verb: 'create', resource: 'pods' }, 'u5');
    await review(v('secrets', 'list', { resourceNames: ['p'] }), { namespace: 'a', verb: 'list', resource: 'secrets' }, 'u6');
    await review(v('secrets', 'deletecollection', { resourceNames: ['p'] }), { namespace: 'a', verb: 'deletecollection', resource: 'secrets' }, 'u7');
    await review(v('pods/exec', 'create', { resourceNames: ['p'] }), exec, 'u8');
    // VAP
    const A = '/apis/admissionregistration.k8s.io/v1';
    const vap = async (name: string, expression: string, kinds = ['roles', 'clusterroles']) => {
      const p = await s.request('POST', `${A}/validatingadmissionpolicies`, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name }, spec: { matchConstraints: { resourceRules: [{ apiGroups: ['rbac.authorization.k8s.io'], apiVersions: ['v1'], operations: ['CREATE'], resources: kinds }] }, validations: [{ expression }] } });
      out.push(`${name} create ${p.status} ${p.status >= 300 ? p.body.message : ''}`);
      await s.request('POST', `${A}/validatingadmissionpolicybindings`, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name }, spec: { policyName: name, validationActions: ['Warn'] } });
    };
    await vap('p1', 'object.?rules.orValue([]).all(r, false)');
    await vap('p2', '(has(object.rules) && object.rules != null ? object.rules : []).all(r, false)');
    await vap('p3', '[object.?rules.orValue([])].all(rules, rules == null || rules.all(r, false))');
    await vap('p4', 'dyn(object.?rules.orValue([])) == null || object.rules.all(r, false)');
    await new Promise((r) => setTimeout(r, 5000));
    for (const rules of [undefined, [], null]) {
      const https = await s.kubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'n' }, rules }), allowFailure: true });
      out.push(JSON.stringify(rules) + ' ' + JSON.stringify(https));
    }
    require('fs').writeFileSync(`/tmp/scratch/${s.version}.txt`, out.join('\n'));
  });
});
