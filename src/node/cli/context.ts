/** What a command sees of the world: so that a test can run one without a terminal. */
import type { Entries } from '../cluster/entries.ts';
import type { Environment } from '../cluster/runtime-dir.ts';

export interface Context {
  readonly env: Environment;
  readonly cwd: string;
  readonly colour: boolean;
  /** Aborted by the first signal that asks this process to end. */
  readonly signal: AbortSignal;
  readonly entries: Entries;
  /** A line, or some, on stdout. */
  print(text: string): void;
  /** The same on stderr. */
  note(text: string): void;
}

/** Exit codes, as `mdm help` tells them. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;
