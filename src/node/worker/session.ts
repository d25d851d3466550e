/**
 * One file becomes one session of the runtime. In: the path and the device; out: the session, and what its ZipMaps
 * named their columns.
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sessionOptions } from './device.ts';
import { checkReadable, explainLoadFailure } from './load-errors.ts';
import { InferenceSession } from './ort.ts';
import { unzip } from './zipmap.ts';

export interface OpenedModel {
  readonly session: InferenceSession;
  /** Names of the columns of outputs that came out of a ZipMap. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

/**
 * The file is loaded as it is; only a model whose outputs are no tensors is read again, without its ZipMaps.
 *
 * @throws MdmError `model_not_found`, `model_invalid`, `model_unsupported`
 */
export async function openModel(path: string, device: string): Promise<OpenedModel> {
  checkReadable(path);
  const session = await create(path, path, device);
  if (session.outputMetadata.every(output => output.isTensor)) return { session, columns: new Map() };
  const unzipped = unzip(await readFile(path));
  if (unzipped === null) return { session, columns: new Map() };
  await session.release();
  return { session: await create(path, unzipped.model, device), columns: unzipped.columns };
}

async function create(path: string, source: string | Uint8Array, device: string): Promise<InferenceSession> {
  try {
    return typeof source === 'string'
      ? await InferenceSession.create(source, sessionOptions(device))
      : await InferenceSession.create(source, sessionOptions(device, dirname(path)));
  } catch (thrown) {
    throw explainLoadFailure(path, thrown);
  }
}
