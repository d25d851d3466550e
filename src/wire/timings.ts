/**
 * Where the time of one chunk went. Every stage is a span of one process's monotonic clock, in ms; clocks of
 * two processes are never subtracted from each other. A transport stage is therefore the sum of both ways:
 * the sender's span from sending to the answer, less the span that the receiver reports for the same chunk.
 *
 * | stage      | process | starts                             | stops                                     |
 * |------------|---------|------------------------------------|-------------------------------------------|
 * | serialise  | client  | rows of the frame are taken        | the Arrow message is packed               |
 * | to_broker  | client  | handed to the socket               | result received, less the broker's span   |
 * | queue      | broker  | chunk received                     | handed to a worker                        |
 * | to_worker  | broker  | handed to a worker                 | result received, less the worker's span   |
 * | wait       | worker  | chunk received                     | the chunk before it is finished           |
 * | decode     | worker  | the Arrow message is opened        | tensors stand                             |
 * | infer      | worker  | the first call of the model        | its last call has returned                |
 * | encode     | worker  | outputs are there                  | the Arrow message is packed               |
 * | back       | broker  | result received                    | handed to the client's socket             |
 * | merge      | client  | result received                    | all rows before it are there too          |
 *
 * Twin: kernel-bridge/jupyterlab_mdm/wire/timings.py.
 */
export const STAGES = [
  'serialise',
  'to_broker',
  'queue',
  'to_worker',
  'wait',
  'decode',
  'infer',
  'encode',
  'back',
  'merge'
] as const;
export type Stage = (typeof STAGES)[number];
