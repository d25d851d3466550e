/**
 * What clients ask for. In: parsed messages of one client; out: answers by the wires, and work for the loader
 * and the dispatcher. Every request is answered: with its document, or with an error.
 */
import { MdmError } from '../../wire/errors.ts';
import { type Message, type MessageOf, PROTOCOL_VERSION } from '../../wire/messages.ts';
import type { BrokerConfig } from '../cluster/config.ts';
import type { StatusDocument } from '../cluster/status-document.ts';
import type { Crew } from './crew.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Ledger, Run } from './ledger.ts';
import type { ModelLoader } from './loader.ts';
import type { Log } from './log.ts';
import { identify, type Model, type ModelRegistry } from './models.ts';
import { resolvePaths } from './paths.ts';
import { CREDIT_PER_WORKER } from './placement.ts';
import type { Wires } from './wires.ts';

type FromClient = Message<'client_to_broker'>;
type Asked<O extends FromClient['op']> = MessageOf<'client_to_broker', O>;
type Payload = readonly Uint8Array[];

/** Beside what its worker holds, one chunk a worker waits in the queue, so that none runs dry. */
const QUEUED_PER_WORKER = 1;
/** `hello` comes by both sockets of a client. */
const HELLOS = 2;

export interface RequestParts {
  readonly config: BrokerConfig;
  readonly crew: Crew;
  readonly ledger: Ledger;
  readonly models: ModelRegistry;
  readonly loader: ModelLoader;
  readonly dispatcher: Dispatcher;
  readonly wires: Wires;
  readonly log: Log;
  readonly now: () => number;
  readonly status: () => StatusDocument;
  readonly scale: (count: number) => void;
  /** Ends the cluster; settles when all runs have ended and `answer` has been called. */
  readonly terminate: (mode: 'drain' | 'now', timeoutMs: number, answer: (cancelled: number) => void) => void;
  /** Null while the cluster takes new work; else why not. */
  readonly refusal: () => MdmError | null;
}

export class Requests {
  readonly #parts: RequestParts;
  readonly #hellos = new Map<string, number>();
  readonly #deadlines = new Map<string, NodeJS.Timeout>();

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  handle(client: string, message: FromClient, payload: Payload): void {
    try {
      this.#dispatch(client, message, payload);
    } catch (thrown) {
      this.#refuse(client, message, thrown);
    }
  }

  /** The client is gone, and with it whoever wanted the results of its runs. */
  clientGone(client: string): void {
    this.#hellos.delete(client);
    for (const run of [...this.#parts.ledger.live()]) {
      if (run.client === client) this.#parts.dispatcher.abort(run, 'cancelled', null);
    }
  }

  runEnded(run: Run): void {
    clearTimeout(this.#deadlines.get(run.id));
    this.#deadlines.delete(run.id);
    this.#parts.log.event('broker', `run_${run.state}`, {
      run: run.id,
      model: run.modelName,
      rows: run.rowsDone,
      chunks: run.chunksDone,
      failed: run.chunksFailed,
      retried: run.retried
    });
    const model = this.#parts.models.get(run.model);
    if (model !== undefined) this.#unloadOlder(model);
  }

  #dispatch(client: string, message: FromClient, payload: Payload): void {
    switch (message.op) {
      case 'hello':
        this.#hello(client, message);
        break;
      case 'submit':
        this.#answerable(client, message, this.#submit(client, message));
        break;
      case 'begin':
        this.#begin(client, message, payload);
        break;
      case 'chunk':
        this.#chunk(client, message, payload);
        break;
      case 'end':
        this.#end(client, message);
        break;
      case 'cancel':
        this.#cancel(message);
        break;
      case 'status':
        this.#reply(client, message.request, { ...this.#parts.status() });
        break;
      case 'scale':
        this.#scale(client, message);
        break;
      case 'load':
        this.#answerable(client, message, this.#load(client, message));
        break;
      case 'unload':
        this.#answerable(client, message, this.#unload(client, message));
        break;
      case 'terminate':
        this.#terminate(client, message);
        break;
    }
  }

  #terminate(client: string, message: Asked<'terminate'>): void {
    this.#parts.terminate(message.mode, message.timeoutMs, cancelled =>
      this.#reply(client, message.request, { state: 'terminated', runs_cancelled: cancelled })
    );
  }

  #hello(client: string, message: Asked<'hello'>): void {
    const { config, crew, wires } = this.#parts;
    const hellos = (this.#hellos.get(client) ?? 0) + 1;
    this.#hellos.set(client, hellos);
    if (hellos !== HELLOS) return;
    if (message.protocol !== PROTOCOL_VERSION) throw protocolMismatch(message);
    wires.toClient(
      client,
      {
        op: 'welcome',
        protocol: PROTOCOL_VERSION,
        version: config.version,
        name: config.name,
        instance: config.instance,
        numWorker: crew.size,
        priorityBatchSize: config.priorityBatchSize,
        maxBatchSize: config.maxBatchSize
      },
      []
    );
  }

  async #submit(client: string, message: Asked<'submit'>): Promise<void> {
    const { config, crew, ledger, loader, wires, log, now } = this.#parts;
    this.#assertOpen();
    const startedAt = now();
    const params = await resolvePaths(message.params, config.runScriptDir);
    const file = await identify(message.model, config.runScriptDir);
    const run = ledger.open({
      id: message.run,
      client,
      model: file.key,
      modelName: file.name,
      params,
      label: message.label,
      rows: message.rows,
      small: message.rows !== null && message.rows <= config.priorityBatchSize,
      startedAt
    });
    log.event('broker', 'run_submitted', { run: run.id, model: file.path, rows: run.rows });
    if (message.deadlineMs !== null) this.#setDeadline(run, message.deadlineMs);
    const model = await loader.load(file, 'one').catch((thrown: unknown) => {
      const error = MdmError.from(thrown);
      if (ledger.get(run.id) === run) ledger.close(run, 'failed', error.toDocument(), now());
      this.runEnded(run);
      throw error;
    });
    // Cancelled, timed out or left by its client while the model was loaded: it has been told already.
    if (ledger.get(run.id) !== run || model.signature === null) return;
    run.state = 'running';
    run.credit = creditFor(crew.open().length);
    wires.toClient(
      client,
      {
        op: 'submitted',
        run: run.id,
        model: model.name,
        signature: model.signature,
        credit: run.credit,
        numWorker: Math.max(1, crew.open().length),
        msPerRow: model.msPerRow
      },
      []
    );
  }

  #setDeadline(run: Run, deadlineMs: number): void {
    const expire = () => {
      const error = new MdmError('deadline', `The run did not end within ${deadlineMs} ms.`, {
        remedy: 'What had been predicted is kept. Give it more time, or more workers.',
        details: { deadline_ms: deadlineMs }
      });
      this.#parts.dispatcher.abort(run, 'failed', error.toDocument());
    };
    this.#deadlines.set(run.id, setTimeout(expire, deadlineMs));
  }

  #begin(client: string, message: Asked<'begin'>, payload: Payload): void {
    const run = this.#liveRun(client, message.run);
    const schema = payload[0];
    if (run === undefined) return;
    if (schema === undefined || payload.length !== 1 || run.schema !== null) {
      throw new MdmError('bad_message', `"begin" of run ${run.id} must come once, with one schema.`);
    }
    run.schema = schema;
  }

  #chunk(client: string, message: Asked<'chunk'>, payload: Payload): void {
    const { ledger, dispatcher, now } = this.#parts;
    const run = this.#liveRun(client, message.run);
    // A chunk that was under way when its run ended.
    if (run === undefined) return;
    dispatcher.accept(run, ledger.receive(run, message, payload, now()));
  }

  #end(client: string, message: Asked<'end'>): void {
    const run = this.#liveRun(client, message.run);
    if (run === undefined) return;
    if (message.chunks !== run.received || message.rows !== run.rowsReceived) {
      throw new MdmError(
        'bad_message',
        `"end" of run ${run.id} counts ${message.chunks} chunks of ${message.rows} rows; ` +
          `${run.received} of ${run.rowsReceived} came.`
      );
    }
    run.total = message.chunks;
    this.#parts.dispatcher.endIfComplete(run);
  }

  /** Anyone who may speak to the cluster may cancel a run: the command line cancels those of a notebook. */
  #cancel(message: Asked<'cancel'>): void {
    const run = this.#parts.ledger.get(message.run);
    if (run !== undefined) this.#parts.dispatcher.abort(run, 'cancelled', null);
  }

  #scale(client: string, message: Asked<'scale'>): void {
    this.#assertOpen();
    if (message.numWorker < 1) {
      throw new MdmError('bad_option', 'A cluster has at least one worker.', {
        remedy: 'Use “mdm terminate” to end it.',
        details: { option: 'num_worker', value: message.numWorker }
      });
    }
    const { crew, ledger, scale, wires } = this.#parts;
    const before = crew.size;
    scale(message.numWorker);
    const added = crew.size - before;
    if (added > 0) {
      for (const run of ledger.live()) {
        if (run.state !== 'running') continue;
        run.credit += creditFor(added);
        wires.toClient(run.client, { op: 'credit', run: run.id, chunks: creditFor(added) }, []);
      }
    }
    this.#reply(client, message.request, { num_worker: crew.size });
  }

  async #load(client: string, message: Asked<'load'>): Promise<void> {
    const { config, loader, models } = this.#parts;
    this.#assertOpen();
    const model = await loader.load(await identify(message.model, config.runScriptDir), 'all');
    this.#unloadOlder(model);
    this.#reply(client, message.request, {
      name: model.name,
      path: model.path,
      signature: model.signature,
      workers: models.workersOf(model),
      load_ms: model.loadMs
    });
  }

  async #unload(client: string, message: Asked<'unload'>): Promise<void> {
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
    this.#reply(client, message.request, { name: first.name, workers: [...workers] });
  }

  /** A version of a file that was replaced on disk goes once nothing runs on it. */
  #unloadOlder(model: Model): void {
    const { ledger, loader, models } = this.#parts;
    for (const older of models.olderThan(model)) {
      const used = [...ledger.live()].some(run => run.model === older.key);
      if (!used && older.signature !== null && model.signature !== null) loader.unload(older);
    }
  }

  #liveRun(client: string, id: string): Run | undefined {
    const run = this.#parts.ledger.get(id);
    if (run !== undefined && run.client !== client) {
      throw new MdmError('bad_message', `Run ${id} is another client's.`);
    }
    return run;
  }

  #assertOpen(): void {
    const refusal = this.#parts.refusal();
    if (refusal !== null) throw refusal;
  }

  #reply(client: string, request: string, result: Record<string, unknown>): void {
    this.#parts.wires.toClient(client, { op: 'reply', request, result }, []);
  }

  #answerable(client: string, message: FromClient, work: Promise<void>): void {
    work.catch((thrown: unknown) => this.#refuse(client, message, thrown));
  }

  #refuse(client: string, message: FromClient, thrown: unknown): void {
    const error = MdmError.from(thrown);
    const run = 'run' in message ? message.run : null;
    const request = 'request' in message ? message.request : null;
    this.#parts.log.event('broker', 'refused', {
      client,
      op: message.op,
      code: error.code,
      cause: error.message
    });
    const live = run === null ? undefined : this.#parts.ledger.get(run);
    if (live !== undefined && live.client === client && message.op !== 'submit') {
      this.#parts.dispatcher.abort(live, 'failed', error.toDocument());
      return;
    }
    this.#parts.wires.toClient(client, { op: 'error', request, run, error: error.toDocument() }, []);
  }
}

function creditFor(workers: number): number {
  return Math.max(1, workers) * (CREDIT_PER_WORKER + QUEUED_PER_WORKER);
}

function protocolMismatch(message: Asked<'hello'>): MdmError {
  const { protocol, client } = message;
  return new MdmError(
    'protocol_mismatch',
    `The cluster speaks protocol ${PROTOCOL_VERSION}, ${client.name} ${client.version} speaks ${protocol}.`,
    {
      remedy: 'Start the cluster again with the version that the client has, or restart the kernel.',
      details: { cluster: PROTOCOL_VERSION, client: protocol }
    }
  );
}
