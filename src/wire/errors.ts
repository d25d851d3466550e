/**
 * The family of errors, the same in both languages (twin: kernel-bridge/jupyterlab_mdm/errors.py).
 *
 * An error travels the wire as `{code, message, remedy, details}` and is raised again on the other side
 * with the same code. `message` says what was wrong, `remedy` what to do about it.
 */

/** Every code that may appear in an error, and when. A test holds this table against the Python twin. */
export const ERROR_CODES = {
  no_cluster: 'No cluster of that name answers.',
  cluster_exists: 'A cluster of that name runs already.',
  cluster_lost: 'The cluster went away while it was being used.',
  protocol_mismatch: 'Client and cluster speak different versions of the protocol.',
  bad_message: 'A message that the protocol does not allow.',
  bad_option: 'An option or argument has a value that it cannot have.',
  port_taken: 'A TCP port that was asked for is in use.',
  device_not_there: 'A device that was asked for is not visible here.',
  worker_cannot_start: 'No worker came up.',
  model_not_found: 'The model file does not exist or cannot be read.',
  model_invalid: 'The file is not a whole ONNX model.',
  model_unsupported: 'The model wants an opset, operator or type that is not there.',
  model_failed: 'The model raised an error while it ran.',
  path_not_found: 'A parameter that names a path points to nothing, or outside the script folder.',
  binding: 'The columns of the frame do not bind to the inputs of the model.',
  nulls: 'A column that may not hold nulls holds some.',
  cast_overflow: 'A value does not fit the type that the model wants.',
  frame_invalid: 'The object is not a frame that can be sent.',
  frame_reader: 'The reader of the frame raised in the middle.',
  poison_chunk: 'A chunk ended every worker that ran it.',
  run_cancelled: 'The run was cancelled.',
  deadline: 'The run passed its deadline.',
  timeout: 'No answer came within the limit.',
  internal: 'A fault of this product itself.'
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error looks like on the wire. */
export interface ErrorDocument {
  readonly code: ErrorCode;
  readonly message: string;
  /** What to do about it; empty where there is nothing to advise. */
  readonly remedy: string;
  /** Typed facts behind the message (row, column, path …); JSON. */
  readonly details: Readonly<Record<string, unknown>>;
}

interface ErrorOptions {
  readonly remedy?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error class that leaves our code. */
export class MdmError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MdmError';
    this.code = code;
    this.remedy = options.remedy ?? '';
    this.details = options.details ?? {};
  }

  toDocument(): ErrorDocument {
    return { code: this.code, message: this.message, remedy: this.remedy, details: this.details };
  }

  static fromDocument(document: ErrorDocument): MdmError {
    return new MdmError(document.code, document.message, document);
  }

  /** Anything that was thrown, as one of ours: an unknown throw becomes `fallback`. */
  static from(thrown: unknown, fallback: ErrorCode = 'internal'): MdmError {
    if (thrown instanceof MdmError) return thrown;
    return new MdmError(fallback, thrown instanceof Error ? thrown.message : String(thrown), {
      cause: thrown
    });
  }
}
