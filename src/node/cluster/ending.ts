/** The end of a process of ours: waiting for it, and making it come. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as after } from 'node:timers/promises';
import { errorCode } from './error-code.ts';

/** Shells report a process that a signal ended with this above the signal's number. */
const SIGNAL_EXIT = 128;
/** Time for workers to close and for the folder to be removed. */
const TERM_GRACE_MS = 2_000;
const POLL_MS = 20;

/** The exit code of an ended child, as a shell would report it; null while it lives. */
export function exitCodeOf(child: ChildProcess): number | null {
  if (child.signalCode !== null) return SIGNAL_EXIT + (constants.signals[child.signalCode] ?? 0);
  return child.exitCode;
}

/** Waits for the child's end, at most `ms`; says whether it came. */
export async function endsWithin(child: ChildProcess, ms: number): Promise<boolean> {
  if (exitCodeOf(child) !== null) return true;
  try {
    await once(child, 'exit', { signal: AbortSignal.timeout(ms) });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return false;
    throw error;
  }
}

/** Ends a broker and what it started: asks, waits, then insists. Settles when it is gone. */
export async function endBroker(child: ChildProcess, graceMs = TERM_GRACE_MS): Promise<void> {
  if (exitCodeOf(child) !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  if (await endsWithin(child, graceMs)) return;
  killGroup(child.pid);
  await endsWithin(child, graceMs);
}

/** The broker leads a session of its own, so its workers are in its group. */
function killGroup(pid: number): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** Whether a process of that id runs, whosoever it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
  return process.platform !== 'linux' || !isZombie(pid);
}

/** An ended process whose parent has not looked yet: in a container without an init, that is for ever. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before the state may hold anything, spaces and brackets too.
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch (error) {
    // Gone since the line above, or no /proc here, which leaves the word of the signal.
    return errorCode(error) === 'ESRCH';
  }
}

/** Looks until it holds, at most `ms`; says whether it did. For what gives no sign when it changes. */
export async function holdsWithin(holds: () => boolean, ms: number, signal?: AbortSignal): Promise<boolean> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() >= end) return false;
    await after(POLL_MS, undefined, signal && { signal });
  }
  return true;
}
