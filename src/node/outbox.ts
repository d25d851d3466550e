/**
 * One socket's way out. A ZeroMQ socket takes one send at a time; messages queue here for their turn, so that
 * nobody has to wait for a send. What stands here is bounded by the credits that were given.
 */
type Frames = (string | Uint8Array)[];

export interface Sendable {
  send(frames: Frames): Promise<void>;
}

export class Outbox {
  readonly #socket: Sendable;
  readonly #onFailure: (frames: Frames, cause: unknown) => void;
  #waiting: Frames[] = [];
  #sending: Promise<void> | null = null;

  /** `onFailure` hears of a message whose peer is not there (EHOSTUNREACH) or whose socket is closed. */
  constructor(socket: Sendable, onFailure: (frames: Frames, cause: unknown) => void) {
    this.#socket = socket;
    this.#onFailure = onFailure;
  }

  push(frames: Frames): void {
    this.#waiting.push(frames);
    this.#sending ??= this.#sendAll();
  }

  /** Settles when all that was pushed so far is with ZeroMQ. */
  async flushed(): Promise<void> {
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await this.#socket.send(next);
      } catch (cause) {
        this.#onFailure(next, cause);
      }
    }
    this.#sending = null;
  }
}
