/** A broker of two ROUTERs that answers as a test says, so that the client is tested without the real one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curveKeyPair, Router } from 'zeromq';
import type { Address } from '../../../src/node/client/address.ts';
import { readFrames, writeFrames } from '../../../src/wire/frames.ts';
import { type Message, type MessageOf, PROTOCOL_VERSION } from '../../../src/wire/messages.ts';

type Incoming = Message<'client_to_broker'>;
type Outgoing = Message<'broker_to_client'>;

export const WELCOME: MessageOf<'broker_to_client', 'welcome'> = {
  op: 'welcome',
  protocol: PROTOCOL_VERSION,
  version: '0.1.0',
  name: 'default',
  instance: 'abc',
  numWorker: 2,
  priorityBatchSize: 16,
  maxBatchSize: null
};

export class FakeBroker {
  #address: Address;
  readonly seen: Incoming[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'mdm-fake-'));
  readonly #in: Router;
  readonly #out: Router;
  readonly #answer: (message: Incoming) => Outgoing[];

  /** @param answer what goes back for each message on the first door; a hello counts once both doors saw it */
  static async start(
    answer: (message: Incoming) => Outgoing[],
    door: 'ipc' | 'tcp' = 'ipc'
  ): Promise<FakeBroker> {
    const broker = new FakeBroker(answer, door);
    await broker.#in.bind(broker.address.in);
    await broker.#out.bind(broker.address.out);
    const bound = { in: broker.#in.lastEndpoint ?? '', out: broker.#out.lastEndpoint ?? '' };
    broker.#address = { ...broker.#address, ...bound };
    void broker.#serve();
    return broker;
  }

  private constructor(answer: (message: Incoming) => Outgoing[], door: 'ipc' | 'tcp') {
    const keys = door === 'tcp' ? curveKeyPair() : null;
    const curve = keys === null ? {} : { curveServer: true, curveSecretKey: keys.secretKey };
    const place = (name: string) =>
      door === 'tcp' ? 'tcp://127.0.0.1:*' : `ipc://${join(this.#folder, name)}`;
    this.#answer = answer;
    this.#in = new Router({ linger: 0, ...curve });
    this.#out = new Router({ linger: 0, mandatory: true, ...curve });
    this.#address = { in: place('in'), out: place('out'), serverKey: keys?.publicKey ?? null };
  }

  get address(): Address {
    return this.#address;
  }

  async #serve(): Promise<void> {
    const greeted = this.#out.receive();
    // Stopped before a client came: then nobody waits for this.
    greeted.catch(() => undefined);
    for await (const [id, ...frames] of this.#in) {
      const { message } = readFrames('client_to_broker', frames);
      this.seen.push(message);
      if (message.op === 'hello') await greeted;
      for (const answer of this.#answer(message)) {
        await this.#out.send([id ?? '', ...writeFrames('broker_to_client', answer)]);
      }
    }
  }

  stop(): void {
    this.#in.close();
    this.#out.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
