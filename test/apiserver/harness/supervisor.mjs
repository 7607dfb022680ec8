// Runs the servers as children of a process of its own, so that they end with the process that asked for them
// even when that one is killed: its end closes the pipe on stdin, which no signal handler is needed to notice.
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

const [dir] = process.argv.slice(2);
const servers = [];
let ending = false;

function start({ name, command, args }) {
  const log = openSync(join(dir, `${name}.log`), 'a');
  const child = spawn(command, args, { cwd: dir, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`${name} ended with ${signal ?? `code ${code}`}`));
  });
  servers.push({ name, child, ended });
  void ended.then((reason) => ending || process.stdout.write(`${reason}\n`));
}

/** Ends a server as a crash does. */
async function crash(name) {
  const found = servers.find((server) => server.name === name);
  found.child.kill('SIGKILL');
  await found.ended;
}

// Killed, since nothing of them is needed any more, and an API server takes a second and more to end by itself.
async function stop() {
  ending = true;
  for (const { child } of servers) child.kill('SIGKILL');
  await Promise.all(servers.map(({ ended }) => ended));
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

const commands = createInterface({ input: process.stdin });
commands.on('line', (line) => {
  const command = JSON.parse(line);
  if (command.stop) void stop();
  else if (command.crash) void crash(command.crash);
  else if (!ending) start(command);
});
commands.on('close', stop);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
// Nobody reads the reports of an abandoned supervisor.
process.stdout.on('error', () => undefined);
