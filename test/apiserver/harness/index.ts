export { ApiServer, type StartOptions } from './api-server';
export { type Assets, assets, serverMinor } from './assets';
export { type Impersonation, type RequestOptions, type Response } from './client';
export { corpusFile } from './corpora';
export { describeWithApiServer } from './describe';
export { type KubectlOptions, type KubectlResult } from './kubectl';
export { create, type CreateOptions, createRestrictedNamespace, podOf } from './objects';
export { pipeline, type Post } from './pipeline';
export { fillQuotaStatus } from './quota';
