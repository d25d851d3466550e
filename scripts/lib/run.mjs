/** Running a child to its end, with its output shown or kept. */
import { spawn } from 'node:child_process';
import { root, sandbox } from './places.mjs';

export class Failed extends Error {}

/** @throws Failed with the command and its exit code */
export async function run(command, args, { env = {}, quiet = false, cwd = root } = {}) {
  const result = await attempt(command, args, { env, cwd, keep: quiet });
  if (result.code === 0) return result.output;
  if (quiet) process.stderr.write(result.output);
  throw new Failed(`${command} ${args.join(' ')} ended with ${result.signal ?? result.code}`);
}

/** Runs to the end whatever the end is. `keep` holds the output back instead of showing it. */
export function attempt(command, args, { env = {}, keep = false, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: sandbox(env),
      stdio: keep ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit']
    });
    const parts = [];
    child.stdout?.on('data', part => parts.push(part));
    child.stderr?.on('data', part => parts.push(part));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, output: Buffer.concat(parts).toString() }));
  });
}
