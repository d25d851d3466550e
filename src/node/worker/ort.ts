/**
 * The one door to onnxruntime-node. The rest of the worker imports it from here, so that what has to be settled
 * before its first tensor is settled.
 */
import { env, Tensor } from 'onnxruntime-node';

export { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';

/** We report errors ourselves; the runtime's own lines would only repeat them in another form. */
env.logLevel = 'fatal';
keepFloat16AsBits();

/**
 * The JavaScript half of ONNX Runtime stores float16 in a `Float16Array` where the engine has one; its native
 * half does not know that type and reads no bytes from it. Which type it takes is decided at the first tensor:
 * without a `Float16Array` in sight it is `Uint16Array`, which both halves know.
 */
function keepFloat16AsBits(): void {
  const native = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array');
  if (native === undefined) return;
  Reflect.deleteProperty(globalThis, 'Float16Array');
  try {
    new Tensor('float16', new Uint16Array(1), [1]);
  } finally {
    Object.defineProperty(globalThis, 'Float16Array', native);
  }
}

/** Name and version, as messages and `ready` give it. */
export const RUNTIME = `onnxruntime-node ${env.versions.node ?? env.versions.common}`;
