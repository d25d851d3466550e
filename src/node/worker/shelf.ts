/**
 * The models that this worker holds, by the broker's key. In: keys and paths; out: models that are loaded and
 * warm. Loads of one key share one load; a load that failed leaves nothing behind, so a later one tries anew.
 */
import { stat } from 'node:fs/promises';
import { MdmError } from '../../wire/errors.ts';
import type { Signature } from '../../wire/messages.ts';
import { Model } from './model.ts';
import { type OpenedModel, openModel } from './session.ts';
import { readSignature, withShownShapes } from './signature.ts';
import { warmUp } from './warm-up.ts';

export interface LoadedModel {
  readonly model: Model;
  readonly signature: Signature;
  readonly loadMs: number;
  readonly warmMs: number;
  /** What the model said to made-up rows; null where it took them. */
  readonly warmUpFailure: MdmError | null;
}

interface Place {
  readonly device: string;
  /** Most rows a call. */
  readonly maxBatchSize: number;
}

export class Shelf {
  readonly #place: Place;
  readonly #signal: AbortSignal;
  readonly #models = new Map<string, Promise<LoadedModel>>();

  /** @param signal aborted when the worker ends */
  constructor(place: Place, signal: AbortSignal) {
    this.#place = place;
    this.#signal = signal;
  }

  /** @throws MdmError `model_not_found`, `model_invalid`, `model_unsupported` */
  load(key: string, path: string, version: string): Promise<LoadedModel> {
    const known = this.#models.get(key);
    if (known !== undefined) return known;
    const loading = loadModel({ path, version }, this.#place, this.#signal);
    this.#models.set(key, loading);
    loading.catch(() => {
      if (this.#models.get(key) === loading) this.#models.delete(key);
    });
    return loading;
  }

  /** Waits where it is just being loaded. */
  async get(key: string): Promise<Model> {
    const loading = this.#models.get(key);
    if (loading === undefined) {
      throw new MdmError('internal', `This worker was sent rows for model ${key}, which it does not hold.`, {
        details: { model: key }
      });
    }
    return (await loading).model;
  }

  /** Takes the model off the shelf; undefined where it is not there. Releasing it is the caller's to time. */
  async remove(key: string): Promise<Model | undefined> {
    const loading = this.#models.get(key);
    this.#models.delete(key);
    return (await loading)?.model;
  }
}

async function loadModel(
  { path, version }: { path: string; version: string },
  place: Place,
  signal: AbortSignal
): Promise<LoadedModel> {
  const began = performance.now();
  const opened = await openModel(path, place.device);
  try {
    // After it was read: what was put in its place before or meanwhile is another model.
    await checkVersion(path, version);
    return await warmModel(path, opened, place, began, signal);
  } catch (thrown) {
    await opened.session.release();
    throw thrown;
  }
}

async function warmModel(
  path: string,
  { session, columns }: OpenedModel,
  { maxBatchSize }: Place,
  began: number,
  signal: AbortSignal
): Promise<LoadedModel> {
  const model = new Model(session, readSignature(path, session, columns), maxBatchSize);
  const loaded = performance.now();
  const { outputs, failure: warmUpFailure } = await warmUp(model, maxBatchSize, signal);
  const signature = withShownShapes(model.signature, outputs);
  return { model, signature, loadMs: loaded - began, warmMs: performance.now() - loaded, warmUpFailure };
}

/** @throws MdmError `model_not_found` where another file lies there by now */
async function checkVersion(path: string, version: string): Promise<void> {
  const found = await stat(path, { bigint: true });
  const now = `${found.mtimeNs}:${found.size}`;
  if (now === version) return;
  throw new MdmError('model_not_found', `${path} was replaced since this version of it was asked for.`, {
    remedy: 'Predict again: the new file is loaded then. Rows that were predicted by the old one are kept.',
    details: { path, wanted: version, found: now }
  });
}
