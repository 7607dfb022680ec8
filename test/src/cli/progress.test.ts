import { progress, showProgress } from '../../../src/cli/progress';

const CLEAR = '\r\u001b[2K';

/** Shows progress on a terminal, or on none, with a clock that is turned by hand. */
function shown(isTTY: boolean) {
  let now = 0;
  let text = '';
  const stream = { isTTY, columns: 40, write: (more: string) => (text += more) };
  showProgress(stream, () => now);
  return { at: (time: number) => void (now = time), text: () => text };
}

describe('progress', () => {
  afterEach(() => showProgress({ isTTY: false, write: () => undefined }));

  it('shows nothing of what is done at once', () => {
    const terminal = shown(true);
    for (const time of [0, 100, 299]) {
      terminal.at(time);
      progress().step(time, 300, 'files read');
    }
    progress().phase('asking');
    progress().end();
    expect(terminal.text()).toBe('');
  });

  it('shows one line that changes at times and goes away', () => {
    const terminal = shown(true);
    for (const time of [300, 310, 379, 380]) {
      terminal.at(time);
      progress().step(time * 10, 4000, 'files read');
    }
    progress().end();
    expect(terminal.text()).toBe(
      `${CLEAR}3,000 of 4,000 files read${CLEAR}3,800 of 4,000 files read${CLEAR}`,
    );
  });

  it('keeps to one line of a narrow terminal', () => {
    const terminal = shown(true);
    terminal.at(1000);
    progress().phase('x'.repeat(100));
    expect(terminal.text()).toBe(CLEAR + 'x'.repeat(39));
  });

  it('is silent where nobody looks', () => {
    const pipe = shown(false);
    pipe.at(1000);
    progress().step(1, 2, 'files read');
    progress().phase('asking');
    progress().end();
    expect(pipe.text()).toBe('');
  });
});
