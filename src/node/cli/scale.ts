/** `mdm scale N`: the number of workers of a running cluster. */
import { z } from 'zod';
import { MdmError } from '../../wire/errors.ts';
import { type Context, EXIT } from './context.ts';
import { integer } from './kinds.ts';
import { MOST_WORKERS, type SCALE } from './options.ts';
import type { Parsed } from './parse.ts';
import { readResult } from './result.ts';
import { counted } from './style.ts';
import { withClient } from './with-client.ts';

const scaled = z.looseObject({ num_worker: z.int() });

export async function scale(
  context: Context,
  { values, positionals }: Parsed<typeof SCALE>
): Promise<number> {
  const numWorker = readCount(positionals[0] ?? '');
  const result = await withClient(context, values, async client =>
    readResult(scaled, await client.request('scale', { numWorker }, values.timeout))
  );
  context.print(
    values.json ? JSON.stringify(result) : `${values.name}: ${counted(result.num_worker, 'worker')}`
  );
  return EXIT.ok;
}

function readCount(text: string): number {
  const kind = integer('N', 1, MOST_WORKERS);
  const count = kind.read(text);
  if (count !== undefined) return count;
  throw new MdmError('bad_option', `N expects ${kind.expects}, not "${text}".`, {
    remedy: 'Use "mdm terminate" to end a cluster.',
    details: { argument: 'N', value: text }
  });
}
