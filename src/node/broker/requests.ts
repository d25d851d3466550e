/**
 * Who gets which message. In: parsed messages of one client; out: calls of `runs` and `control`, and answers. A
 * request that is refused is answered by its error; a run that breaks the protocol fails by it.
 */
import { MdmError } from '../../wire/errors.ts';
import { type Message, type MessageOf, PROTOCOL_VERSION } from '../../wire/messages.ts';
import type { BrokerConfig } from '../cluster/config.ts';
import type { StatusDocument } from '../cluster/status-document.ts';
import type { Control } from './control.ts';
import type { Crew } from './crew.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import type { Runs } from './runs.ts';
import type { Wires } from './wires.ts';

type FromClient = Message<'client_to_broker'>;
type Asked<O extends FromClient['op']> = MessageOf<'client_to_broker', O>;
type Payload = readonly Uint8Array[];

/** `hello` comes by both sockets of a client. */
const HELLOS = 2;

export interface RequestParts {
  readonly config: BrokerConfig;
  readonly crew: Crew;
  readonly ledger: Ledger;
  readonly dispatcher: Dispatcher;
  readonly runs: Runs;
  readonly control: Control;
  readonly wires: Wires;
  readonly log: Log;
  readonly status: () => StatusDocument;
  /** Ends the cluster; `answer` is called when all runs have ended. */
  readonly terminate: (mode: 'drain' | 'now', timeoutMs: number, answer: (cancelled: number) => void) => void;
  /** Null while the cluster takes new work; else why not. */
  readonly refusal: () => MdmError | null;
}

export class Requests {
  readonly #parts: RequestParts;
  readonly #hellos = new Map<string, number>();

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  handle(client: string, message: FromClient, payload: Payload): void {
    this.#dispatch(client, message, payload).catch((thrown: unknown) =>
      this.#refuse(client, message, thrown)
    );
  }

  clientGone(client: string): void {
    this.#hellos.delete(client);
    this.#parts.runs.clientGone(client);
  }

  /** Async only where a request has to wait for files or workers: the others are done when it returns. */
  async #dispatch(client: string, message: FromClient, payload: Payload): Promise<void> {
    const { runs, control, status } = this.#parts;
    switch (message.op) {
      case 'hello':
        this.#hello(client, message);
        break;
      case 'submit':
        this.#assertOpen();
        runs.submit(client, message);
        break;
      case 'ask':
        this.#assertOpen();
        runs.ask(client, message, payload);
        break;
      case 'begin':
        runs.begin(client, message, payload);
        break;
      case 'chunk':
        runs.chunk(client, message, payload);
        break;
      case 'end':
        runs.end(client, message);
        break;
      case 'cancel':
        runs.cancel(message);
        break;
      case 'status':
        this.#reply(client, message.request, { ...status() });
        break;
      case 'scale':
        this.#assertOpen();
        this.#reply(client, message.request, control.scale(message));
        break;
      case 'load':
        this.#assertOpen();
        this.#reply(client, message.request, await control.load(message));
        break;
      case 'unload':
        this.#reply(client, message.request, await control.unload(message));
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

  #assertOpen(): void {
    const refusal = this.#parts.refusal();
    if (refusal !== null) throw refusal;
  }

  #reply(client: string, request: string, result: Record<string, unknown>): void {
    this.#parts.wires.toClient(client, { op: 'reply', request, result }, []);
  }

  /** Answers with the error. A run that was refused is none; one that is under way fails by it. */
  #refuse(client: string, message: FromClient, thrown: unknown): void {
    const error = MdmError.from(thrown).toDocument();
    const run = 'run' in message ? message.run : null;
    const request = 'request' in message ? message.request : null;
    const { code, message: cause } = error;
    this.#parts.log.event('broker', 'refused', { client, op: message.op, code, cause });
    const live = run === null || message.op === 'submit' ? undefined : this.#parts.ledger.get(run);
    if (live?.client === client) this.#parts.dispatcher.abort(live, 'failed', error);
    else this.#parts.wires.toClient(client, { op: 'error', request, run, error }, []);
  }
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
