/** Hands the world to `run`, and its exit code to the shell. */
import type { Entries } from '../cluster/entries.ts';
import { errorCode } from '../cluster/error-code.ts';
import { run } from './run.ts';
import { wantsColour } from './style.ts';

/** The first of these asks the command to end; it closes what it has opened. */
const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export async function runProcess(entries: Entries): Promise<void> {
  const lifetime = new AbortController();
  for (const signal of END_SIGNALS) {
    process.on(signal, () => lifetime.abort(new Error(`ended by ${signal}`)));
  }
  for (const stream of [process.stdout, process.stderr]) stream.on('error', leaveWithReader);
  process.exitCode = await run(
    {
      env: process.env,
      cwd: process.cwd(),
      colour: wantsColour(process.stdout.isTTY, process.env),
      signal: lifetime.signal,
      entries,
      print: text => void process.stdout.write(`${text}\n`),
      note: text => void process.stderr.write(`${text}\n`)
    },
    process.argv.slice(2)
  );
}

/** The reader of our output may leave (`mdm status | head`); what is left to say has no reader then. */
function leaveWithReader(error: Error): void {
  if (errorCode(error) !== 'EPIPE') throw error;
}
