/** A terminal that progress is shown on. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Nothing is shown for work that is done before anybody would wonder. */
const PATIENCE_MS = 300;
const PAUSE_MS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/** Tells somebody who waits how far a command is, on one line that goes away when it ends. */
export interface Progress {
  /** @param done How much of the total is done. @param what Such as `files read`. */
  step(done: number, total: number, what: string): void;
  /** Names work of one piece that may take long. */
  phase(what: string): void;
  /** Takes the line away. */
  end(): void;
}

/** Shows nothing. */
const SILENT: Progress = { step: () => undefined, phase: () => undefined, end: () => undefined };

let current = SILENT;

/** The progress of the command that runs. Commands say it wherever they are, so it is one for the process. */
export function progress(): Progress {
  return current;
}

/**
 * Shows progress from now on, where there is somebody to see it.
 * @param clock Milliseconds since any moment. @default those of the process
 */
export function showProgress(
  stream: ProgressStream,
  clock: () => number = () => performance.now(),
): Progress {
  current = stream.isTTY ? onTerminal(stream, clock) : SILENT;
  return current;
}

function onTerminal(stream: ProgressStream, clock: () => number): Progress {
  const started = clock();
  let last = started;
  let shown = false;
  const show = (line: string) => {
    last = clock();
    shown = true;
    stream.write(`${CLEAR_LINE}${line.slice(0, (stream.columns ?? 80) - 1)}`);
  };
  const impatient = () => clock() - started >= PATIENCE_MS;
  return {
    step: (done, total, what) => {
      if (!impatient() || clock() - last < PAUSE_MS) return;
      show(`${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${what}`);
    },
    phase: (what) => {
      if (impatient()) show(what);
    },
    end: () => {
      if (shown) stream.write(CLEAR_LINE);
      shown = false;
    },
  };
}
