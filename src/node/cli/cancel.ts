/** `mdm cancel RUN`: ends a run of any client, and waits until it has ended. */
import { setTimeout as after } from 'node:timers/promises';
import { MdmError } from '../../wire/errors.ts';
import type { ControlClient } from '../client/control-client.ts';
import { noAnswer } from '../client/errors.ts';
import { ENDED_STATES, type RunStatus } from '../cluster/status-document.ts';
import { type Context, EXIT } from './context.ts';
import type { CANCEL } from './options.ts';
import type { Parsed } from './parse.ts';
import { grouped } from './style.ts';
import { askStatus, withClient } from './with-client.ts';

const POLL_MS = 50;

export async function cancel(
  context: Context,
  { values, positionals }: Parsed<typeof CANCEL>
): Promise<number> {
  const ended = await withClient(context, values, async client => {
    const { runs } = await askStatus(client, values.timeout);
    const run = pickRun(runs, positionals[0] ?? '');
    await client.cancel(run.id);
    return untilEnded(client, run, values.timeout, context.signal);
  });
  const text = `${ended.label ?? ended.id}: ${ended.state} after ${grouped(ended.rows_done)} rows`;
  context.print(values.json ? JSON.stringify(ended) : text);
  return EXIT.ok;
}

/** The protocol answers a cancel to the run's own client only; we see it by the run's state. */
async function untilEnded(
  client: ControlClient,
  run: RunStatus,
  timeoutMs: number,
  signal: AbortSignal
): Promise<RunStatus> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    const { runs } = await askStatus(client, timeoutMs);
    const now = runs.find(({ id }) => id === run.id);
    if (now === undefined) return { ...run, state: 'cancelled' };
    if (ENDED_STATES.has(now.state)) return now;
    await after(POLL_MS, undefined, { signal });
  }
  throw noAnswer(`the cancel of run ${run.id}`, timeoutMs);
}

/**
 * The run under way that is meant: by its id, by the beginning of its id, or by its label.
 *
 * @throws MdmError `bad_option` where there is none, or more than one
 */
export function pickRun(runs: readonly RunStatus[], given: string): RunStatus {
  const live = runs.filter(run => !ENDED_STATES.has(run.state));
  const exact = live.find(run => run.id === given);
  if (exact !== undefined) return exact;
  const near = live.filter(run => given !== '' && (run.id.startsWith(given) || run.label === given));
  const [only, second] = near;
  if (only !== undefined && second === undefined) return only;
  const ids = (near.length > 0 ? near : live).map(run => run.id);
  const found =
    near.length > 0 ? `"${given}" stands for ${near.length} runs` : `No run "${given}" is under way`;
  throw new MdmError('bad_option', `${found}${ids.length > 0 ? `: ${ids.join(', ')}` : ''}.`, {
    remedy: ids.length > 0 ? 'Name one by its id.' : 'See "mdm runs" for those that have ended.',
    details: { argument: 'RUN', value: given, runs: ids }
  });
}
