import { ApiServer, type StartOptions } from './api-server';
import { assets } from './assets';

const HOOK_TIMEOUT_MS = 240_000;

/**
 * A `describe` with an API server of its own, which runs before the first and stops after the last test in it.
 * It is skipped when there are no {@link assets}.
 *
 * @param options - how to start it, or what works that out when the first test is about to run.
 * @param body - gets a function that returns the server, to be called in tests and hooks only.
 */
export function describeWithApiServer(
  title: string,
  body: (server: () => ApiServer) => void,
  options: StartOptions | (() => Promise<StartOptions>) = {},
): void {
  let running: ApiServer | undefined;
  const server = (): ApiServer => {
    if (!running) throw new Error('The API server runs only while the tests and hooks of its describe do');
    return running;
  };
  if (!assets()) {
    describe.skip(`${title} (skipped: KUBEBUILDER_ASSETS is unset)`, () => body(server));
    return;
  }
  describe(title, () => {
    beforeAll(async () => {
      running = await ApiServer.start(typeof options === 'function' ? await options() : options);
    }, HOOK_TIMEOUT_MS);
    afterAll(async () => {
      await running?.stop();
      running = undefined;
    }, HOOK_TIMEOUT_MS);
    body(server);
  });
}
