/** Which core each worker gets: its own while there are enough; beyond that workers float. Pure but for `allowedCores`. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** `0-2,5` → 0, 1, 2, 5. */
export function parseCoreList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .filter(part => part !== '')
    .flatMap(part => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, step) => first + step);
    });
}

/** The cores that this process may run on, which in a container are fewer than there are. */
export function allowedCores(): number[] {
  if (process.platform === 'linux') {
    const status = readFileSync('/proc/self/status', 'utf8');
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1];
    if (list !== undefined) return parseCoreList(list).slice(0, availableParallelism());
  }
  return Array.from({ length: availableParallelism() }, (_, core) => core);
}

/** Core of the worker with that number; null for a GPU's worker and once the cores are given out. */
export function coreOf(worker: number, device: string, cores: readonly number[]): string | null {
  if (device !== 'cpu') return null;
  const core = cores[worker];
  return core === undefined ? null : String(core);
}
