/**
 * Staying with a cluster in the foreground. In: a broker that is ready; out: its exit code, after its end.
 * Each signal that we get is handed on once: the first lets the runs end, the second ends at once.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { BrokerConfig } from '../cluster/config.ts';
import { exitCodeOf } from '../cluster/ending.ts';
import { removeTraces } from '../cluster/launch.ts';
import { type Context, EXIT } from './context.ts';

/** A closed terminal asks for the same as a TERM. */
const HANDED_ON = { SIGINT: 'SIGINT', SIGTERM: 'SIGTERM', SIGHUP: 'SIGTERM' } as const;

export async function attend(
  context: Context,
  child: ChildProcess,
  config: BrokerConfig,
  quiet: boolean
): Promise<number> {
  child.stdout?.resume();
  const stopForwarding = forwardSignals(child);
  // One that came between the last look at the signal and the line above.
  if (context.signal.aborted) child.kill('SIGTERM');
  try {
    if (exitCodeOf(child) === null) await once(child, 'exit');
  } finally {
    stopForwarding();
  }
  const code = exitCodeOf(child) ?? EXIT.failure;
  if (code !== EXIT.ok) removeTraces(config);
  if (!quiet) context.note(farewell(config.name, code));
  return code;
}

function farewell(name: string, code: number): string {
  return code === EXIT.ok ? `cluster "${name}" terminated` : `cluster "${name}" ended with exit code ${code}`;
}

function forwardSignals(child: ChildProcess): () => void {
  const handlers = Object.entries(HANDED_ON).map(([from, to]) => {
    const forward = () => void child.kill(to);
    process.on(from, forward);
    return () => process.off(from, forward);
  });
  return () => {
    for (const stop of handlers) stop();
  };
}
