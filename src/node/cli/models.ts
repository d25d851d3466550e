/** `mdm load MODEL` and `mdm unload MODEL`: which models the workers hold. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { MdmError } from '../../wire/errors.ts';
import { DOORS } from '../../wire/messages.ts';
import type { ModelStatus } from '../cluster/status-document.ts';
import { type Context, EXIT } from './context.ts';
import type { LOAD, UNLOAD } from './options.ts';
import type { Parsed } from './parse.ts';
import { readResult } from './result.ts';
import { signatureText } from './signature-text.ts';
import { counted, duration } from './style.ts';
import { askStatus, withClient } from './with-client.ts';

const loaded = z.looseObject({
  name: z.string(),
  signature: DOORS.broker_to_client.submitted.shape.signature,
  workers: z.array(z.int()),
  load_ms: z.number().nullable()
});
const unloaded = z.looseObject({ name: z.string(), workers: z.array(z.int()) });

export async function load(context: Context, { values, positionals }: Parsed<typeof LOAD>): Promise<number> {
  const model = modelToLoad(positionals[0] ?? '', context.cwd);
  const result = await withClient(context, values, async client =>
    readResult(loaded, await client.request('load', { model }, values.timeout))
  );
  const took = result.load_ms === null ? '' : ` in ${duration(result.load_ms / 1_000)}`;
  const text = [
    `${result.name}: loaded on ${counted(result.workers.length, 'worker')}${took}`,
    `  ${signatureText(result.signature)}`
  ];
  context.print(values.json ? JSON.stringify(result) : text.join('\n'));
  return EXIT.ok;
}

export async function unload(
  context: Context,
  { values, positionals }: Parsed<typeof UNLOAD>
): Promise<number> {
  const result = await withClient(context, values, async client => {
    const { models } = await askStatus(client, values.timeout);
    const { path } = pickModel(models, positionals[0] ?? '', context.cwd);
    return readResult(unloaded, await client.request('unload', { model: path }, values.timeout));
  });
  const text = `${result.name}: unloaded from ${counted(result.workers.length, 'worker')}`;
  context.print(values.json ? JSON.stringify(result) : text);
  return EXIT.ok;
}

/** A file here goes by its full path; anything else the cluster looks for in its folder of model scripts. */
function modelToLoad(given: string, cwd: string): string {
  const path = resolve(cwd, given);
  return existsSync(path) ? path : given;
}

/**
 * The loaded model that is meant: by its path, or by its name where only one has it.
 *
 * @throws MdmError `model_not_found`; `bad_option` where the name stands for more than one
 */
export function pickModel(models: readonly ModelStatus[], given: string, cwd: string): ModelStatus {
  const path = resolve(cwd, given);
  const byPath = models.find(model => model.path === path);
  if (byPath !== undefined) return byPath;
  const byName = models.filter(model => model.name === given);
  const [only] = byName;
  if (only === undefined) throw notLoaded(models, given);
  if (new Set(byName.map(model => model.path)).size === 1) return only;
  const paths = byName.map(model => model.path);
  throw new MdmError('bad_option', `"${given}" is the name of ${byName.length} models.`, {
    remedy: `Name one by its path: ${paths.join(', ')}.`,
    details: { argument: 'MODEL', value: given, paths }
  });
}

function notLoaded(models: readonly ModelStatus[], given: string): MdmError {
  const names = models.map(model => model.name);
  const there = names.length === 0 ? 'no model is loaded' : `loaded: ${names.join(', ')}`;
  return new MdmError('model_not_found', `No model "${given}" is loaded; ${there}.`, {
    remedy: 'See "mdm status" for the models and their paths.',
    details: { model: given, loaded: names }
  });
}
