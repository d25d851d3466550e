/**
 * Gets models onto workers. In: who needs which model, and what workers say of loading; out: `load` and `unload`
 * to workers, and promises that settle: a model is usable as soon as one worker has it.
 *
 * A model goes to every open worker at once, and to each worker that comes up later. It is given up, and its
 * callers hear why, when every worker refused it or when it has ended two workers that loaded it.
 */
import { type ErrorDocument, MdmError } from '../../wire/errors.ts';
import type { MessageOf } from '../../wire/messages.ts';
import type { Crew, Worker } from './crew.ts';
import type { Model, ModelFile, ModelRegistry } from './models.ts';
import type { Wires } from './wires.ts';

type Reach = 'one' | 'all';

interface Waiter {
  readonly model: string;
  readonly reach: Reach;
  readonly resolve: (model: Model) => void;
  readonly reject: (error: MdmError) => void;
  readonly timer: NodeJS.Timeout;
}

/** The last resort: whoever asks has a limit of their own, and may give a large model on a cold disk more time. */
const LOAD_LIMIT_MS = 3_600_000;
const DEATHS_ALLOWED = 2;

export class ModelLoader {
  readonly #models: ModelRegistry;
  readonly #crew: Crew;
  readonly #wires: Wires;
  readonly #onGivenUp: (model: Model, error: ErrorDocument) => void;
  readonly #waiters = new Set<Waiter>();

  /** @param onGivenUp hears of a model that no worker holds any more, nor will */
  constructor(
    models: ModelRegistry,
    crew: Crew,
    wires: Wires,
    onGivenUp: (model: Model, error: ErrorDocument) => void
  ) {
    this.#onGivenUp = onGivenUp;
    this.#models = models;
    this.#crew = crew;
    this.#wires = wires;
  }

  /**
   * Settles when the model is on one worker (or on all that are open).
   *
   * @throws MdmError as the workers say, `worker_cannot_start` without workers, `timeout`
   */
  load(file: ModelFile, reach: Reach): Promise<Model> {
    const model = this.#models.ensure(file);
    for (const worker of this.#crew.open()) this.#send(model, worker);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new MdmError('timeout', `${model.name} was not loaded within ${LOAD_LIMIT_MS / 1000} s.`));
      }, LOAD_LIMIT_MS);
      const waiter: Waiter = { model: model.key, reach, resolve, reject, timer };
      this.#waiters.add(waiter);
      this.#settle(model);
    });
  }

  unload(model: Model): number[] {
    const workers = [...model.on.keys()];
    for (const number of workers) {
      this.#crew.get(number)?.models.delete(model.key);
      this.#wires.toWorker(number, { op: 'unload', model: model.key }, []);
    }
    this.#models.forget(model.key);
    this.#rejectAll(model, new MdmError('run_cancelled', `${model.name} was unloaded while it was awaited.`));
    return workers;
  }

  /** A worker came up: it gets every model that is in use. */
  workerReady(worker: Worker): void {
    for (const model of this.#models.all()) this.#send(model, worker);
  }

  loaded(worker: Worker, message: MessageOf<'worker_to_broker', 'loaded'>): void {
    const model = this.#models.get(message.model);
    if (model === undefined) return;
    model.signature = message.signature;
    model.deaths = 0;
    model.loadMs = Math.max(model.loadMs, message.loadMs + message.warmMs);
    model.on.set(worker.worker, 'loaded');
    worker.models.add(model.key);
    this.#settle(model);
  }

  loadFailed(worker: Worker, message: MessageOf<'worker_to_broker', 'load_failed'>): void {
    const model = this.#models.get(message.model);
    if (model === undefined) return;
    model.on.set(worker.worker, 'failed');
    model.lastError = message.error;
    this.#settle(model);
  }

  /** A worker died; whatever it was loading may have been what ended it. */
  workerLost(worker: Worker, lastWords: string): void {
    for (const model of [...this.#models.all()]) {
      const was = model.on.get(worker.worker);
      model.on.delete(worker.worker);
      // One that was sent away says nothing of the model, and one that holds it elsewhere proves it sound.
      if (was === 'loading' && worker.state !== 'leaving') model.deaths += 1;
      const held = this.#models.workersOf(model).length > 0;
      if (model.deaths >= DEATHS_ALLOWED && !held) this.#giveUp(model, endedWorkers(model, lastWords));
      // Who waits for all workers does not wait for this one any more.
      else this.#settle(model);
    }
  }

  /** No worker is left, nor will be. */
  hopeless(error: MdmError): void {
    for (const model of [...this.#models.all()]) this.#rejectAll(model, error);
  }

  #send(model: Model, worker: Worker): void {
    const state = model.on.get(worker.worker);
    if (state === 'loading' || state === 'loaded') return;
    model.on.set(worker.worker, 'loading');
    this.#wires.toWorker(
      worker.worker,
      { op: 'load', model: model.key, path: model.path, version: model.version },
      []
    );
  }

  #settle(model: Model): void {
    const states = this.#crew.open().map(worker => model.on.get(worker.worker));
    const one = states.includes('loaded');
    const pending = states.length === 0 || states.includes('loading') || states.includes(undefined);
    if (!one && !pending && model.lastError !== null) {
      this.#giveUp(model, model.lastError);
      return;
    }
    for (const waiter of this.#waiters) {
      if (waiter.model !== model.key || !one || (waiter.reach === 'all' && pending)) continue;
      this.#release(waiter);
      waiter.resolve(model);
    }
  }

  /** Forgets the model, so that the next one who asks tries anew. */
  #giveUp(model: Model, error: ErrorDocument): void {
    this.#models.forget(model.key);
    this.#onGivenUp(model, error);
    this.#rejectAll(model, MdmError.fromDocument(error));
  }

  #rejectAll(model: Model, error: MdmError): void {
    for (const waiter of this.#waiters) {
      if (waiter.model !== model.key) continue;
      this.#release(waiter);
      waiter.reject(error);
    }
  }

  #release(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.#waiters.delete(waiter);
  }
}

function endedWorkers(model: Model, lastWords: string): ErrorDocument {
  return new MdmError(
    'model_failed',
    `Loading ${model.name} ended ${model.deaths} workers. Last words: ${lastWords}`,
    {
      remedy: 'It may need more memory than there is; try with fewer workers.',
      details: { path: model.path, deaths: model.deaths, last_words: lastWords }
    }
  ).toDocument();
}
