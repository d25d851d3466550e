/** The devices that this process may use. Asked only when a GPU is wanted, since `nvidia-smi` is slow. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { errorCode } from './error-code.ts';
import type { Environment } from './runtime-dir.ts';

/** `nvidia-smi` may hang on a machine whose driver does. */
const SMI_TIMEOUT_MS = 5_000;

export function visibleDevices(env: Environment = process.env): string[] {
  return ['cpu', ...cudaNames(countGpus(), env.CUDA_VISIBLE_DEVICES)];
}

/**
 * CUDA numbers the devices that `CUDA_VISIBLE_DEVICES` names from 0, in its order, and stops at the first
 * entry that is not there.
 *
 * @param present GPUs of the machine
 */
export function cudaNames(present: number, mask: string | undefined): string[] {
  const allowed = mask === undefined ? present : countAllowed(present, mask);
  return Array.from({ length: allowed }, (_, index) => `cuda:${index}`);
}

function countAllowed(present: number, mask: string): number {
  const entries = mask.split(',').map(entry => entry.trim());
  const end = entries.findIndex(entry => !isThere(entry, present));
  return Math.min(end === -1 ? entries.length : end, present);
}

/** An entry that is no number names a GPU by its UUID, which is taken on trust. */
function isThere(entry: string, present: number): boolean {
  if (/^-?\d+$/.test(entry)) return Number(entry) >= 0 && Number(entry) < present;
  return entry !== '';
}

function countGpus(): number {
  return countDeviceFiles() || countSmiLines();
}

function countDeviceFiles(): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/dev').filter(file => /^nvidia\d+$/.test(file)).length;
}

function countSmiLines(): number {
  try {
    const list = execFileSync('nvidia-smi', ['-L'], {
      encoding: 'utf8',
      timeout: SMI_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true
    });
    return list.split('\n').filter(line => /^GPU \d+:/.test(line)).length;
  } catch (error) {
    // Not installed, or it says by its exit code that there is none: no GPU either way.
    if (errorCode(error) === 'ENOENT' || isExit(error)) return 0;
    throw error;
  }
}

function isExit(error: unknown): boolean {
  return error instanceof Error && 'status' in error;
}
