import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** The server processes and their temporary folder, which end and go together. See supervisor.mjs. */
export class Processes {
  /** Holds the data, the keys and the logs. */
  readonly dir = mkdtempSync(join(tmpdir(), 'apiserver-test-'));
  private readonly supervisor: ChildProcess;
  private readonly ended: Promise<unknown>;
  private reason?: string;

  constructor() {
    this.supervisor = spawn(process.execPath, [join(__dirname, 'supervisor.mjs'), this.dir], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: cleanEnv(this.dir),
      // A group of its own: Ctrl-C must not end etcd before the API server, and the group can be killed.
      detached: true,
    });
    this.ended = once(this.supervisor, 'close').finally(() => this.sweep());
    this.supervisor.stdin!.on('error', (error) => this.fail(error.message));
    createInterface({ input: this.supervisor.stdout! }).on('line', (line) => this.fail(line));
  }

  /** Why a server ended that nobody stopped. */
  get failure(): string | undefined {
    return this.reason;
  }

  start(name: string, command: string, args: readonly string[]): void {
    this.send({ name, command, args });
  }

  /** Ends a server as a crash does, and waits until it has ended. */
  async crash(name: string): Promise<void> {
    this.send({ crash: name });
    while (!this.reason) await delay(10);
  }

  /** Ends the servers and removes the folder. */
  async stop(): Promise<void> {
    this.send({ stop: true });
    await this.ended;
  }

  /** The last lines of the log of each server, as long as the folder exists. */
  logTail(lines = 20): string {
    if (!existsSync(this.dir)) return '';
    const logs = readdirSync(this.dir).filter((file) => file.endsWith('.log'));
    return logs.map((file) => `--- ${file}\n${tail(join(this.dir, file), lines)}`).join('\n');
  }

  private send(command: object): void {
    this.supervisor.stdin!.write(`${JSON.stringify(command)}\n`);
  }

  private fail(reason: string): void {
    this.reason ??= reason;
  }

  // Does something only if the supervisor itself was killed and could not clean up.
  private sweep(): void {
    this.fail('the supervisor ended');
    try {
      process.kill(-this.supervisor.pid!, 'SIGKILL');
    } catch {
      // The group is empty, as it should be.
    }
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** An environment in which no `ETCD_*`, proxy or kubectl setting of the developer changes what a test sees. */
export function cleanEnv(home: string): NodeJS.ProcessEnv {
  // Nothing lives long enough for its garbage to matter, and to collect it takes a fifth of the time of a start.
  return { PATH: process.env.PATH, HOME: home, GOGC: '400' };
}

function tail(path: string, lines: number): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
