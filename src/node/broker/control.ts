/**
 * What is asked of the cluster itself. In: control requests, parsed; out: the document that answers each, as a
 * value. Every request is answered, by its document or by an error.
 */
import { MdmError } from '../../wire/errors.ts';
import type { MessageOf } from '../../wire/messages.ts';
import type { BrokerConfig } from '../cluster/config.ts';
import type { Crew } from './crew.ts';
import type { Ledger } from './ledger.ts';
import type { ModelLoader } from './loader.ts';
import { identify, type Model, type ModelRegistry } from './models.ts';

type Asked<O extends 'scale' | 'load' | 'unload'> = MessageOf<'client_to_broker', O>;
type Answer = Record<string, unknown>;

export interface ControlParts {
  readonly config: BrokerConfig;
  readonly crew: Crew;
  readonly ledger: Ledger;
  readonly models: ModelRegistry;
  readonly loader: ModelLoader;
  readonly scale: (count: number) => void;
  readonly onWorkersAdded: () => void;
}

export class Control {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  /** @throws MdmError `bad_option` */
  scale(message: Asked<'scale'>): Answer {
    if (message.numWorker < 1) {
      throw new MdmError('bad_option', 'A cluster has at least one worker.', {
        remedy: 'Use “mdm terminate” to end it.',
        details: { option: 'num_worker', value: message.numWorker }
      });
    }
    const { crew, scale, onWorkersAdded } = this.#parts;
    const before = crew.size;
    scale(message.numWorker);
    if (crew.size > before) onWorkersAdded();
    return { num_worker: crew.size };
  }

  /** @throws MdmError as the workers say */
  async load(message: Asked<'load'>): Promise<Answer> {
    const { config, loader, models } = this.#parts;
    const model = await loader.load(await identify(message.model, config.runScriptDir), 'all');
    this.unloadOlder(model);
    return {
      name: model.name,
      path: model.path,
      signature: model.signature,
      workers: models.workersOf(model),
      load_ms: model.loadMs
    };
  }

  /** @throws MdmError `model_not_found`, `bad_option` while a run uses it */
  async unload(message: Asked<'unload'>): Promise<Answer> {
    const { config, ledger, loader, models } = this.#parts;
    const loaded = [...models.all()].filter(
      ({ name, path }) => name === message.model || path === message.model
    );
    const first = loaded[0] ?? models.get((await identify(message.model, config.runScriptDir)).key);
    if (first === undefined) {
      throw new MdmError('model_not_found', `${message.model} is not loaded.`, {
        remedy: '“mdm status” lists the models that are.',
        details: { path: message.model }
      });
    }
    const versions = models.atPath(first.path);
    const users = [...ledger.live()].filter(run => versions.some(model => model.key === run.model));
    if (users.length > 0) {
      throw new MdmError('bad_option', `${first.name} is in use by ${users.length} run(s).`, {
        remedy: 'Wait for them to end, or cancel them.',
        details: { path: first.path, runs: users.map(run => run.id) }
      });
    }
    const workers = new Set(versions.flatMap(model => loader.unload(model)));
    return { name: first.name, workers: [...workers] };
  }

  /** A version of a file that was replaced on disk goes once nothing runs on it. */
  unloadOlder(model: Model): void {
    const { ledger, loader, models } = this.#parts;
    for (const older of models.olderThan(model)) {
      const used = [...ledger.live()].some(run => run.model === older.key);
      if (!used && older.signature !== null && model.signature !== null) loader.unload(older);
    }
  }
}
