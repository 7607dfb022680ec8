export { ApiServer, type StartOptions } from './api-server';
export { type Assets, assets } from './assets';
export { type Impersonation, type RequestOptions, type Response } from './client';
export { describeWithApiServer } from './describe';
export { type KubectlOptions, type KubectlResult } from './kubectl';
export { fillQuotaStatus } from './quota';
