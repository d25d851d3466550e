/**
 * Which model is on which worker. In: paths that clients name and what workers say of loading; out: keys,
 * signatures, who may run what. Pure but for
 * `identify`, which looks at the file.
 *
 * A key is one version of one file: a file that changed on disk is another model, loaded beside the old one,
 * which goes when no run uses it.
 */
import { stat } from 'node:fs/promises';
import { basename, isAbsolute, resolve } from 'node:path';
import { type ErrorDocument, MdmError } from '../../wire/errors.ts';
import type { Signature } from '../../wire/messages.ts';

export interface ModelFile {
  readonly key: string;
  readonly path: string;
  /** `MTIME_NS:SIZE` of the file. */
  readonly version: string;
  readonly name: string;
}

/** The file as a client saw it: nothing to look up. Null for a path that only this side can resolve. */
export function identifySeen(path: string, version: string | null): ModelFile | null {
  if (version === null || !isAbsolute(path)) return null;
  return { key: keyOf(path, version), path, version, name: basename(path) };
}

const keyOf = (path: string, version: string) => `${path}:${version}`;

/**
 * The file behind a path as it is now; a relative path is taken from `folder`.
 *
 * @throws MdmError `model_not_found`
 */
export async function identify(path: string, folder: string): Promise<ModelFile> {
  const absolute = isAbsolute(path) ? path : resolve(folder, path);
  const found = await stat(absolute, { bigint: true }).catch((cause: unknown) => {
    throw notFound(path, absolute, cause);
  });
  if (!found.isFile()) throw notFound(path, absolute, 'it is not a file');
  const version = `${found.mtimeNs}:${found.size}`;
  return {
    key: keyOf(absolute, version),
    path: absolute,
    version,
    name: basename(absolute)
  };
}

function notFound(path: string, absolute: string, cause: unknown): MdmError {
  return new MdmError('model_not_found', `There is no model at ${absolute}.`, {
    remedy: 'Give the path of an .onnx file; a relative path is taken from the notebook’s folder.',
    details: { path, absolute },
    cause
  });
}

export type Placement = 'loading' | 'loaded' | 'failed';

export interface Model extends ModelFile {
  signature: Signature | null;
  /** By worker. */
  readonly on: Map<number, Placement>;
  /** Slowest load so far, ms. */
  loadMs: number;
  /** Workers that died while they loaded it. */
  deaths: number;
  lastError: ErrorDocument | null;
  /** Smoothed over all workers; null until it has run. */
  msPerRow: number | null;
}

/** Weight of the newest measurement in a smoothed one. */
export const SMOOTHING = 0.3;

export const smooth = (before: number | null | undefined, now: number): number =>
  before === null || before === undefined ? now : before + SMOOTHING * (now - before);

export class ModelRegistry {
  readonly #models = new Map<string, Model>();

  get(key: string): Model | undefined {
    return this.#models.get(key);
  }

  all(): Iterable<Model> {
    return this.#models.values();
  }

  ensure(file: ModelFile): Model {
    const known = this.#models.get(file.key);
    if (known !== undefined) return known;
    const model: Model = {
      ...file,
      signature: null,
      on: new Map(),
      loadMs: 0,
      deaths: 0,
      lastError: null,
      msPerRow: null
    };
    this.#models.set(file.key, model);
    return model;
  }

  forget(key: string): void {
    this.#models.delete(key);
  }

  /** Every version of the file at that path, in the order in which they were asked for. */
  atPath(path: string): Model[] {
    return [...this.#models.values()].filter(model => model.path === path);
  }

  /** Versions of this model's file that were asked for before it was. */
  olderThan(model: Model): Model[] {
    const versions = this.atPath(model.path);
    return versions.slice(0, Math.max(0, versions.indexOf(model)));
  }

  workersOf(model: Model): number[] {
    return [...model.on].filter(([, state]) => state === 'loaded').map(([worker]) => worker);
  }
}
