/** What a run left behind, though it should not: in comes its private runtime folder, out go names to complain of. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** A process that was told to end gets so long to be gone. */
const PATIENCE_MS = 5_000;
const POLL_MS = 50;

/**
 * @param {string} runtimeDir JUPYTER_RUNTIME_DIR of the run, used by nothing else
 * @param {number[]} pids processes that the run is known to have started
 * @returns {Promise<string[]>} files below the folder and processes of the run; empty where all is well
 */
export async function leftovers(runtimeDir, pids) {
  const deadline = Date.now() + PATIENCE_MS;
  let left = found(runtimeDir, pids);
  while (left.length > 0 && Date.now() < deadline) {
    await wait(POLL_MS);
    left = found(runtimeDir, pids);
  }
  return left;
}

function found(runtimeDir, pids) {
  const files = readdirSync(runtimeDir).map(name => `file ${name}`);
  const running = new Set([...pids.filter(isAlive), ...processesOf(runtimeDir)]);
  return [...files, ...[...running].map(pid => `process ${pid}${commandOf(pid)}`)];
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Every process that inherited the folder, where the system tells (Linux). */
function processesOf(runtimeDir) {
  if (!existsSync('/proc/self/environ')) return [];
  const mark = `JUPYTER_RUNTIME_DIR=${runtimeDir}`;
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(name => readIfThere(`/proc/${name}/environ`).split('\0').includes(mark))
    .map(Number);
}

function commandOf(pid) {
  const command = readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  return command ? `: ${command.slice(0, 120)}` : '';
}

/** A process may end, or belong to somebody else, between being seen and being read. */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ESRCH', 'EPERM'].includes(error.code)) return '';
    throw error;
  }
}
