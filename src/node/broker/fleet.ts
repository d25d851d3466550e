/**
 * The processes of the workers. In: how many there should be, messages for them; out: their messages, and word
 * of every death. The broker holds each worker's stdin: a worker whose stdin ends goes away by itself.
 *
 * A worker that dies is started again at once; one that dies before it was ready is tried `START_TRIES` times,
 * with a growing pause, and then given up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Router } from 'zeromq';
import { MdmError } from '../../wire/errors.ts';
import { readFrames, writeFrames } from '../../wire/frames.ts';
import type { Message } from '../../wire/messages.ts';
import type { BrokerConfig } from '../cluster/config.ts';
import { Outbox } from '../outbox.ts';
import { allowedCores, coreOf } from './cores.ts';
import { type Crew, type Held, Worker } from './crew.ts';
import { findTools, workerCommand } from './launch.ts';
import type { Log } from './log.ts';

const START_TRIES = 3;
const START_PAUSE_MS = 100;
/** Without a word from a new process for so long, it counts as dead. */
const START_LIMIT_MS = 20_000;
/** After `shutdown`, a worker in a long call of its model is ended. */
const STOP_LIMIT_MS = 5_000;
const LAST_WORDS = 5;
/** More than any call is worth; below it the worker measures what is fastest. */
const ROWS_A_CALL = 1 << 16;

export interface FleetEvents {
  onMessage(worker: Worker, message: Message<'worker_to_broker'>, payload: readonly Uint8Array[]): void;
  onReady(worker: Worker): void;
  onLost(worker: Worker, held: readonly Held[], lastWords: string): void;
  /** The last worker was given up. */
  onHopeless(error: MdmError): void;
}

/** One life of a worker: what it is called on the wire, and its process. */
interface Life {
  readonly worker: Worker;
  readonly routingId: string;
  readonly process: ChildProcess;
  readonly words: string[];
  readonly timer: NodeJS.Timeout;
  readonly ended: Promise<void>;
}

export class Fleet {
  readonly #config: BrokerConfig;
  readonly #crew: Crew;
  readonly #events: FleetEvents;
  readonly #log: Log;
  readonly #cores = allowedCores();
  readonly #tools = findTools();
  readonly #socket = new Router({
    linger: 0,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 0,
    mandatory: true
  });
  readonly #outbox: Outbox;
  readonly #lives = new Map<number, Life>();
  readonly #failures = new Map<number, number>();
  #births = 0;
  #stopping = false;

  constructor(config: BrokerConfig, crew: Crew, events: FleetEvents, log: Log) {
    this.#config = config;
    this.#crew = crew;
    this.#events = events;
    this.#log = log;
    // A message to a worker that has just died: its death is reported by its process.
    this.#outbox = new Outbox(this.#socket, (_, cause) =>
      log.event('broker', 'send_to_worker_failed', { cause: String(cause) })
    );
  }

  async open(): Promise<void> {
    await this.#socket.bind(this.#config.endpoints.backend);
  }

  /** Hands on messages until the socket is closed. */
  async listen(): Promise<void> {
    for await (const [routingId, ...frames] of this.#socket) {
      const life = this.#lifeOf(String(routingId));
      if (life === undefined) continue;
      try {
        const { message, payload } = readFrames('worker_to_broker', frames);
        this.#receive(life, message, payload);
      } catch (cause) {
        this.#log.event('broker', 'bad_message_from_worker', {
          worker: life.worker.worker,
          cause: MdmError.from(cause).message
        });
      }
    }
  }

  /** Grows or shrinks to that many; leaving workers finish what they hold. */
  scale(count: number): void {
    // Their numbers, and with them their cores, are free again.
    for (const worker of this.#crew.all()) if (worker.state === 'failed') this.#crew.remove(worker.worker);
    while (this.#crew.size < count) this.#hire();
    const leaving = this.#crew
      .all()
      .filter(worker => worker.state === 'ready' || worker.state === 'starting')
      .slice(count);
    for (const worker of leaving) {
      worker.state = 'leaving';
      this.dismissIfIdle(worker);
    }
  }

  /** Lets a leaving worker go once it holds nothing more. */
  dismissIfIdle(worker: Worker): void {
    if (worker.state !== 'leaving' || worker.inFlight > 0) return;
    const life = this.#lives.get(worker.worker);
    if (life !== undefined) this.#dismiss(life);
    // Between two lives, in the pause before the next one: there is nobody to say goodbye to.
    else this.#crew.remove(worker.worker);
  }

  send(worker: number, message: Message<'broker_to_worker'>, payload: readonly Uint8Array[]): void {
    const life = this.#lives.get(worker);
    if (life === undefined) return;
    this.#outbox.push([life.routingId, ...writeFrames('broker_to_worker', message, payload)]);
  }

  /** Ends every worker; settles when their processes are gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const lives = [...this.#lives.values()];
    for (const life of lives) this.#dismiss(life);
    await Promise.all(lives.map(life => life.ended));
    await this.#outbox.flushed();
    this.#socket.close();
  }

  #hire(): void {
    const number = this.#crew.freeNumber();
    this.#failures.delete(number);
    const device = this.#config.devices[number % this.#config.devices.length] ?? 'cpu';
    const worker = new Worker(number, device, coreOf(number, device, this.#cores));
    this.#crew.add(worker);
    this.#start(worker);
  }

  #start(worker: Worker): void {
    worker.state = 'starting';
    this.#births += 1;
    const routingId = `worker-${worker.worker}-${this.#births}`;
    const { endpoints, maxBatchSize, workerEntry } = this.#config;
    const config = {
      endpoint: endpoints.backend,
      worker: worker.worker,
      routingId,
      device: worker.device,
      maxBatchSize: maxBatchSize ?? ROWS_A_CALL
    };
    const [command, ...args] = workerCommand(
      { node: process.execPath, entry: workerEntry, config: JSON.stringify(config), cores: worker.cores },
      this.#tools
    );
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const words: string[] = [];
    const ended = new Promise<void>(resolve => {
      child.once('error', cause => words.push(cause.message));
      child.once('close', (code, signal) => {
        this.#end(worker.worker, routingId, code, signal);
        resolve();
      });
    });
    const timer = setTimeout(() => {
      words.push(`it said nothing for ${START_LIMIT_MS / 1000} s`);
      child.kill('SIGKILL');
    }, START_LIMIT_MS);
    this.#lives.set(worker.worker, { worker, routingId, process: child, words, timer, ended });
    this.#listenToWords(child, worker, words);
  }

  #listenToWords(child: ChildProcess, worker: Worker, words: string[]): void {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', line => {
        words.push(line);
        if (words.length > LAST_WORDS) words.shift();
        this.#log.event(`worker-${worker.worker}`, 'says', { line });
      });
    }
    // Writing to a worker that is just dying; its end is reported by `close`.
    child.stdin?.on('error', cause => words.push(cause.message));
  }

  #receive(life: Life, message: Message<'worker_to_broker'>, payload: readonly Uint8Array[]): void {
    const { worker } = life;
    if (message.op !== 'ready') {
      this.#events.onMessage(worker, message, payload);
      return;
    }
    clearTimeout(life.timer);
    this.#failures.delete(worker.worker);
    worker.pid = message.pid;
    this.#log.event('broker', 'worker_ready', {
      worker: worker.worker,
      pid: message.pid,
      device: worker.device
    });
    if (worker.state === 'leaving') {
      this.#dismiss(life);
      return;
    }
    worker.state = 'ready';
    this.#events.onReady(worker);
  }

  #lifeOf(routingId: string): Life | undefined {
    const number = Number(routingId.split('-')[1]);
    const life = this.#lives.get(number);
    return life?.routingId === routingId ? life : undefined;
  }

  #dismiss(life: Life): void {
    this.send(life.worker.worker, { op: 'shutdown' }, []);
    life.worker.state = 'leaving';
    life.process.stdin?.end();
    const timer = setTimeout(() => life.process.kill('SIGKILL'), STOP_LIMIT_MS);
    void life.ended.then(() => clearTimeout(timer));
  }

  #end(number: number, routingId: string, code: number | null, signal: NodeJS.Signals | null): void {
    const life = this.#lives.get(number);
    if (life?.routingId !== routingId) return;
    clearTimeout(life.timer);
    this.#lives.delete(number);
    const { worker } = life;
    const wasReady = worker.state === 'ready' || worker.state === 'leaving';
    const lastWords = describeEnd(life.words, code, signal);
    const held = worker.reset();
    this.#log.event('broker', 'worker_ended', { worker: number, last_words: lastWords });
    if (worker.state === 'leaving' || this.#stopping) this.#crew.remove(number);
    else this.#restart(worker, wasReady, lastWords);
    this.#events.onLost(worker, held, lastWords);
  }

  #restart(worker: Worker, wasReady: boolean, lastWords: string): void {
    const failures = wasReady ? 0 : (this.#failures.get(worker.worker) ?? 0) + 1;
    this.#failures.set(worker.worker, failures);
    if (failures >= START_TRIES) {
      worker.state = 'failed';
      this.#log.event('broker', 'worker_given_up', { worker: worker.worker, tries: failures });
      if (this.#crew.size === 0) this.#events.onHopeless(cannotStart(lastWords, failures));
      return;
    }
    worker.restarts += 1;
    if (failures === 0) {
      this.#start(worker);
      return;
    }
    worker.state = 'starting';
    setTimeout(() => {
      if (!this.#stopping && worker.state === 'starting') this.#start(worker);
    }, START_PAUSE_MS * failures);
  }
}

/** What is known of a death, for the message that a user reads. */
export function describeEnd(
  words: readonly string[],
  code: number | null,
  signal: NodeJS.Signals | null
): string {
  const how = signal === null ? `ended with exit code ${code}` : `killed by ${signal}`;
  const oom = signal === 'SIGKILL' ? ' (out of memory, or by hand)' : '';
  const said = words.at(-1);
  return said === undefined ? `${how}${oom}` : `${how}${oom}: ${said}`;
}

function cannotStart(lastWords: string, tries: number): MdmError {
  return new MdmError('worker_cannot_start', `No worker came up in ${tries} tries: ${lastWords}`, {
    remedy: 'Start it with --verbose, or with --logger and a file, to see all that the workers say.',
    details: { tries, last_words: lastWords }
  });
}
