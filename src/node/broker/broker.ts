/**
 * The broker: wires sockets, processes and the pure pieces together. In: messages of clients and workers; out:
 * messages to them. It reads headers and never opens a payload.
 *
 * It is `starting` until every worker has come up once; `open` from then on; `draining` when it was asked to
 * end and runs are still under way; `ended` when they are gone, or their time is over.
 */
import { curveKeyPair } from 'zeromq';
import { MdmError } from '../../wire/errors.ts';
import { type Message, PROTOCOL_VERSION } from '../../wire/messages.ts';
import type { BrokerConfig } from '../cluster/config.ts';
import { removeConnectionFile, writeConnectionFile } from '../cluster/connection.ts';
import { errorCode } from '../cluster/error-code.ts';
import { tcpEndpoint } from '../cluster/ports.ts';
import { removeSocketFolder } from '../cluster/socket-folder.ts';
import type { StatusDocument } from '../cluster/status-document.ts';
import { LONGEST_TIMER_MS } from '../timers.ts';
import { Control } from './control.ts';
import { Crew, type Held, type Worker } from './crew.ts';
import { Dispatcher } from './dispatcher.ts';
import { Door, type DoorAddress, type DoorEvents, LOCAL_DOOR } from './doors.ts';
import { Fleet } from './fleet.ts';
import { type Chunk, Ledger, type Run } from './ledger.ts';
import { ModelLoader } from './loader.ts';
import type { Log } from './log.ts';
import { ModelRegistry } from './models.ts';
import { ChunkQueue } from './queue.ts';
import { Requests } from './requests.ts';
import { Runs } from './runs.ts';
import { statusOf } from './status.ts';
import type { Wires } from './wires.ts';

type Tcp = NonNullable<BrokerConfig['tcp']>;

export interface BrokerEvents {
  onWorkerReady(worker: { id: number; pid: number; device: string; cores: string }): void;
  onReady(status: StatusDocument): void;
  /** All is closed and cleaned up; `error` where it ended because it had to. */
  onEnded(error: MdmError | null): void;
}

const now = () => performance.now();

export class Broker {
  readonly #config: BrokerConfig;
  readonly #events: BrokerEvents;
  readonly #log: Log;
  readonly #crew = new Crew();
  readonly #ledger = new Ledger();
  readonly #models = new ModelRegistry();
  readonly #queue = new ChunkQueue<Chunk>();
  readonly #doors: Door[] = [];
  readonly #fleet: Fleet;
  readonly #loader: ModelLoader;
  readonly #dispatcher: Dispatcher;
  readonly #runs: Runs;
  readonly #control: Control;
  readonly #requests: Requests;
  readonly #startedAt = now();
  #endpoints: StatusDocument['endpoints'];
  #state: 'starting' | 'open' | 'draining' | 'ended' = 'starting';
  #publicKey: string | null = null;
  readonly #terminators: ((cancelled: number) => void)[] = [];
  #cancelled = 0;

  constructor(config: BrokerConfig, events: BrokerEvents, log: Log) {
    this.#config = config;
    this.#events = events;
    this.#log = log;
    this.#endpoints = { in: config.endpoints.in, out: config.endpoints.out };
    const wires: Wires = {
      toWorker: (worker, message, payload) => this.#fleet.send(worker, message, payload),
      toClient: (client, message, payload) =>
        this.#doors.find(door => door.owns(client))?.send(client, message, payload)
    };
    this.#fleet = new Fleet(
      config,
      this.#crew,
      {
        onMessage: (worker, message, payload) => this.#fromWorker(worker, message, payload),
        onReady: worker => this.#workerReady(worker),
        onLost: (worker, held, lastWords) => this.#workerLost(worker, held, lastWords),
        onHopeless: error => this.#hopeless(error)
      },
      log
    );
    this.#loader = new ModelLoader(this.#models, this.#crew, wires, (model, error) => {
      // Runs that were under way on it would wait for a worker that never comes.
      for (const run of [...this.#ledger.live()]) {
        if (run.state === 'running' && run.model === model.key) this.#dispatcher.abort(run, 'failed', error);
      }
    });
    const shared = { config, ledger: this.#ledger, crew: this.#crew, models: this.#models, wires, log, now };
    this.#dispatcher = new Dispatcher({
      ...shared,
      queue: this.#queue,
      maxAttempts: config.maxAttempts,
      onRunEnd: run => this.#runEnded(run)
    });
    const moving = { ...shared, loader: this.#loader, dispatcher: this.#dispatcher };
    this.#runs = new Runs(moving);
    this.#control = new Control({
      ...moving,
      scale: count => this.#fleet.scale(count),
      onWorkersAdded: () => this.#runs.workersAdded()
    });
    this.#requests = new Requests({
      ...moving,
      runs: this.#runs,
      control: this.#control,
      status: () => this.status(),
      terminate: (mode, timeoutMs, answer) => this.terminate(mode, timeoutMs, answer),
      refusal: () => this.#refusal()
    });
  }

  /** @throws MdmError `port_taken` */
  async open(): Promise<void> {
    await this.#fleet.open();
    await this.#openDoors();
    void this.#fleet.listen();
    this.#fleet.scale(this.#config.numWorker);
  }

  status(): StatusDocument {
    return statusOf({
      config: this.#config,
      endpoints: this.#endpoints,
      crew: this.#crew,
      models: this.#models,
      ledger: this.#ledger,
      queue: this.#queue,
      startedAt: this.#startedAt,
      now: now()
    });
  }

  /**
   * Ends the cluster. `drain` waits for the runs, at most `timeoutMs`; what is left then is cancelled.
   * `answer` hears how many were, when the runs are over and before the sockets close. Called again, it hurries.
   */
  terminate(mode: 'drain' | 'now', timeoutMs: number, answer: (cancelled: number) => void): void {
    if (this.#state === 'ended') return;
    this.#state = 'draining';
    this.#log.event('broker', 'terminating', { mode, runs: this.#ledger.liveCount });
    this.#terminators.push(answer);
    if (mode === 'now') this.#cancelAll();
    // Not to be waited for: the process may end before.
    else setTimeout(() => this.#cancelAll(), Math.min(timeoutMs, LONGEST_TIMER_MS)).unref();
    this.#endIfIdle();
  }

  #cancelAll(): void {
    for (const run of [...this.#ledger.live()]) {
      this.#cancelled += 1;
      this.#dispatcher.abort(run, 'cancelled', null);
    }
  }

  #endIfIdle(): void {
    if (this.#state !== 'draining' || this.#ledger.liveCount > 0) return;
    for (const answer of this.#terminators.splice(0)) answer(this.#cancelled);
    void this.#close(null);
  }

  async #openDoors(): Promise<void> {
    const { tcp, endpoints } = this.#config;
    await this.#openDoor(LOCAL_DOOR, { in: endpoints.in, out: endpoints.out }, null);
    if (tcp === null) return;
    const keys = curveKeyPair();
    const bound = await this.#openTcpDoor(tcp, keys.secretKey);
    this.#publicKey = keys.publicKey;
    this.#endpoints = { ...this.#endpoints, tcp_in: bound.in, tcp_out: bound.out };
  }

  /** Ports that nobody asked for by number give way to free ones when they are taken. */
  async #openTcpDoor(tcp: Tcp, secretKey: string): Promise<DoorAddress> {
    const { host, port, portOut, portFixed } = tcp;
    const wanted = { in: tcpEndpoint(host, port), out: tcpEndpoint(host, portOut) };
    try {
      return await this.#openDoor('tcp', wanted, secretKey);
    } catch (cause) {
      if (errorCode(cause) !== 'EADDRINUSE') throw cause;
      if (portFixed) throw portsTaken(wanted, cause);
      return await this.#openDoor('tcp', { in: `tcp://${host}:*`, out: `tcp://${host}:*` }, secretKey);
    }
  }

  async #openDoor(name: string, address: DoorAddress, secretKey: string | null): Promise<DoorAddress> {
    const events: DoorEvents = {
      onMessage: (client, message, payload) => this.#requests.handle(client, message, payload),
      onGone: client => {
        this.#requests.clientGone(client);
        door.forget(client);
      }
    };
    const door = new Door(name, events, this.#log, secretKey);
    try {
      const bound = await door.bind(address);
      this.#doors.push(door);
      void door.listen();
      return bound;
    } catch (cause) {
      await door.close();
      throw cause;
    }
  }

  #publish(): void {
    const { name, instance, version, socketDir, connectionFile } = this.#config;
    writeConnectionFile(connectionFile, {
      protocol: PROTOCOL_VERSION,
      name,
      instance,
      version,
      pid: process.pid,
      socket_dir: socketDir,
      endpoints: this.#endpoints,
      curve_public_key: this.#publicKey
    });
  }

  #fromWorker(worker: Worker, message: Message<'worker_to_broker'>, payload: readonly Uint8Array[]): void {
    switch (message.op) {
      case 'ready':
        break;
      case 'loaded':
        this.#loader.loaded(worker, message);
        this.#dispatcher.pump();
        break;
      case 'load_failed':
        this.#loader.loadFailed(worker, message);
        break;
      case 'done':
        this.#dispatcher.done(worker, message, payload);
        break;
      case 'failed':
        this.#dispatcher.failed(worker, message);
        break;
      case 'dropped':
        this.#dispatcher.dropped(worker, message);
        break;
    }
    this.#fleet.dismissIfIdle(worker);
  }

  #workerReady(worker: Worker): void {
    const { worker: id, pid, device, cores } = worker;
    this.#events.onWorkerReady({ id, pid: pid ?? 0, device, cores: cores ?? '' });
    this.#loader.workerReady(worker);
    if (this.#state === 'starting') this.#openIfAllUp();
  }

  #openIfAllUp(): void {
    if (this.#crew.all().some(worker => worker.state === 'starting')) return;
    this.#state = 'open';
    try {
      this.#publish();
    } catch (cause) {
      void this.#close(MdmError.from(cause));
      return;
    }
    this.#log.event('broker', 'ready', { workers: this.#crew.size });
    this.#events.onReady(this.status());
  }

  #runEnded(run: Run): void {
    this.#runs.ended(run);
    const model = this.#models.get(run.model);
    if (model !== undefined) this.#control.unloadOlder(model);
    this.#endIfIdle();
  }

  #workerLost(worker: Worker, held: readonly Held[], lastWords: string): void {
    this.#loader.workerLost(worker, lastWords);
    this.#dispatcher.lost(worker, held, lastWords);
    if (this.#state === 'starting' && this.#crew.size > 0) this.#openIfAllUp();
  }

  #hopeless(error: MdmError): void {
    this.#loader.hopeless(error);
    for (const run of [...this.#ledger.live()]) this.#dispatcher.abort(run, 'failed', error.toDocument());
    if (this.#state === 'starting') void this.#close(error);
  }

  #refusal(): MdmError | null {
    if (this.#state === 'draining' || this.#state === 'ended') {
      return new MdmError('no_cluster', `The cluster ${this.#config.name} is ending.`, {
        remedy: 'Start another one with “mdm start”.'
      });
    }
    if (this.#crew.size > 0) return null;
    return new MdmError('worker_cannot_start', 'Every worker of the cluster was given up.', {
      remedy: 'The log says why; “mdm scale N” tries again.'
    });
  }

  async #close(error: MdmError | null): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    const { name, instance, connectionFile, socketDir } = this.#config;
    removeConnectionFile(connectionFile, instance);
    await this.#fleet.stop();
    for (const door of this.#doors) await door.close();
    this.#log.event('broker', 'terminated', error === null ? {} : { code: error.code, cause: error.message });
    await this.#log.close();
    removeSocketFolder(socketDir, name);
    this.#events.onEnded(error);
  }
}

function portsTaken(address: DoorAddress, cause: unknown): MdmError {
  return new MdmError('port_taken', `One of ${address.in} and ${address.out} is in use.`, {
    remedy: 'Choose others with --port and --port-out, or end the program that has them.',
    details: { in: address.in, out: address.out },
    cause
  });
}
