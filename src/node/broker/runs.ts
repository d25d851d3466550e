/**
 * The messages of a run, from submit to end. In: what its client sends, parsed; out: chunks for the dispatcher,
 * `submitted` for the client. A submit for a model that is loaded is answered in the turn in which it came.
 */
import { basename } from 'node:path';
import { MdmError } from '../../wire/errors.ts';
import type { MessageOf } from '../../wire/messages.ts';
import type { BrokerConfig } from '../cluster/config.ts';
import { LONGEST_TIMER_MS } from '../timers.ts';
import type { Crew } from './crew.ts';
import type { Dispatcher } from './dispatcher.ts';
import { LOCAL_DOOR } from './doors.ts';
import type { Ledger, Run } from './ledger.ts';
import type { ModelLoader } from './loader.ts';
import type { Log } from './log.ts';
import { identify, identifySeen, type Model, type ModelFile, type ModelRegistry } from './models.ts';
import { namesPaths, resolvePaths } from './paths.ts';
import { CREDIT_PER_WORKER } from './placement.ts';
import type { Wires } from './wires.ts';

type Asked<O extends 'submit' | 'ask' | 'begin' | 'chunk' | 'end' | 'cancel'> = MessageOf<
  'client_to_broker',
  O
>;
type Opening = Asked<'submit'> | Asked<'ask'>;
type Sent = Pick<Asked<'chunk'>, 'chunkIndex' | 'rowOffset' | 'rows'>;
type Payload = readonly Uint8Array[];

/** Beside what its worker holds, one chunk a worker waits in the queue, so that none runs dry. */
const QUEUED_PER_WORKER = 1;

export interface RunParts {
  readonly config: BrokerConfig;
  readonly crew: Crew;
  readonly ledger: Ledger;
  readonly models: ModelRegistry;
  readonly loader: ModelLoader;
  readonly dispatcher: Dispatcher;
  readonly wires: Wires;
  readonly log: Log;
  readonly now: () => number;
}

export class Runs {
  readonly #parts: RunParts;
  readonly #deadlines = new Map<string, NodeJS.Timeout>();

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** @throws MdmError `bad_message` for a run that exists already */
  submit(client: string, message: Asked<'submit'>): void {
    this.#open(client, message, false, run => this.#answer(run));
  }

  /** A whole run in one message. @throws MdmError `bad_message` */
  ask(client: string, message: Asked<'ask'>, payload: Payload): void {
    const [schema, batch] = payload;
    if (schema === undefined || batch === undefined || payload.length !== 2) {
      throw new MdmError('bad_message', `"ask" of run ${message.run} must carry a schema and a batch.`);
    }
    this.#open(client, message, true, run => {
      this.#begin(run, [schema]);
      this.#chunk(run, { chunkIndex: 0, rowOffset: 0, rows: message.rows }, [batch]);
      this.#end(run, { chunks: 1, rows: message.rows });
    });
  }

  /** Opens a run and calls `onRunning` once its model is on a worker: at once, where it is there already. */
  #open(client: string, message: Opening, brief: boolean, onRunning: (run: Run) => void): void {
    const { config, dispatcher, ledger, models, now } = this.#parts;
    const run = ledger.open({
      id: message.run,
      client,
      modelName: basename(message.model),
      params: message.params,
      label: message.label,
      rows: message.rows,
      small: message.rows !== null && message.rows <= config.priorityBatchSize,
      brief,
      startedAt: now()
    });
    if (message.deadlineMs !== null) this.#setDeadline(run, message.deadlineMs);
    // Over TCP the client may see the files of another machine.
    const seen = client.startsWith(`${LOCAL_DOOR}:`) ? identifySeen(message.model, message.version) : null;
    const model = seen === null ? undefined : models.get(seen.key);
    // Nothing to look up and nothing to load: a request of a few rows is on its way in this very turn.
    if (model !== undefined && models.workersOf(model).length > 0 && !namesPaths(message.params)) {
      this.#start(run, model);
      onRunning(run);
      return;
    }
    // A run that was cancelled, timed out or left by its client meanwhile has been told so already.
    const isLive = () => ledger.get(run.id) === run;
    this.#prepare(run, message, seen)
      .then(ready => {
        if (!isLive()) return;
        this.#start(run, ready);
        onRunning(run);
      })
      .catch((thrown: unknown) => {
        if (isLive()) dispatcher.abort(run, 'failed', MdmError.from(thrown).toDocument());
      });
  }

  /** Resolves paths and gets the model onto a worker. */
  async #prepare(run: Run, message: Opening, seen: ModelFile | null): Promise<Model> {
    const { config, loader } = this.#parts;
    run.params = await resolvePaths(message.params, config.runScriptDir);
    const file = seen ?? (await identify(message.model, config.runScriptDir));
    run.model = file.key;
    return await loader.load(file, 'one');
  }

  #start(run: Run, model: Model): void {
    const { crew, log } = this.#parts;
    run.model = model.key;
    // Workers that are just starting count: the run may last longer than that.
    run.granted = run.credit = creditFor(crew.size);
    run.state = 'running';
    log.event('broker', 'run_started', { run: run.id, model: model.path, rows: run.rows });
  }

  #answer(run: Run): void {
    const { crew, models, wires } = this.#parts;
    const model = models.get(run.model);
    if (!model?.signature) throw new MdmError('internal', `${run.modelName} was loaded without a signature.`);
    const { name, signature, msPerRow } = model;
    const numWorker = Math.max(1, crew.size);
    const { id, credit } = run;
    wires.toClient(
      run.client,
      { op: 'submitted', run: id, model: name, signature, credit, numWorker, msPerRow },
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
    this.#deadlines.set(run.id, setTimeout(expire, Math.min(deadlineMs, LONGEST_TIMER_MS)));
  }

  begin(client: string, message: Asked<'begin'>, payload: Payload): void {
    this.#withRun(client, message.run, run => this.#begin(run, payload));
  }

  chunk(client: string, message: Asked<'chunk'>, payload: Payload): void {
    this.#withRun(client, message.run, run => this.#chunk(run, message, payload));
  }

  end(client: string, message: Asked<'end'>): void {
    this.#withRun(client, message.run, run => this.#end(run, message));
  }

  /** Anyone who may speak to the cluster may cancel a run: the command line cancels those of a notebook. */
  cancel(message: Asked<'cancel'>): void {
    const run = this.#parts.ledger.get(message.run);
    if (run !== undefined) this.#parts.dispatcher.abort(run, 'cancelled', null);
  }

  /** The client is gone, and with it whoever wanted the results of its runs. */
  clientGone(client: string): void {
    for (const run of [...this.#parts.ledger.live()]) {
      if (run.client === client) this.#parts.dispatcher.abort(run, 'cancelled', null);
    }
  }

  /** More may be under way of every run, now that there are more workers. */
  workersAdded(): void {
    const { crew, ledger, wires } = this.#parts;
    for (const run of ledger.live()) {
      // What was granted for workers that have left since is not taken back, and so not given again.
      const more = creditFor(crew.size) - run.granted;
      if (run.state !== 'running' || more <= 0) continue;
      run.credit += more;
      run.granted += more;
      wires.toClient(run.client, { op: 'credit', run: run.id, chunks: more }, []);
    }
  }

  ended(run: Run): void {
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
  }

  /** A run that is gone has been told so; what was still under way from its client is of no interest. */
  #withRun(client: string, id: string, act: (run: Run) => void): void {
    const run = this.#parts.ledger.get(id);
    if (run === undefined) return;
    if (run.client !== client) throw new MdmError('bad_message', `Run ${run.id} is another client's.`);
    act(run);
  }

  #begin(run: Run, payload: Payload): void {
    const schema = payload[0];
    if (schema === undefined || payload.length !== 1 || run.schema !== null) {
      throw new MdmError('bad_message', `"begin" of run ${run.id} must come once, with one schema.`);
    }
    run.schema = schema;
  }

  #chunk(run: Run, sent: Sent, payload: Payload): void {
    const { dispatcher, ledger, now } = this.#parts;
    dispatcher.accept(run, ledger.receive(run, sent, payload, now()));
  }

  #end(run: Run, message: Pick<Asked<'end'>, 'chunks' | 'rows'>): void {
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
}

function creditFor(workers: number): number {
  return Math.max(1, workers) * (CREDIT_PER_WORKER + QUEUED_PER_WORKER);
}
