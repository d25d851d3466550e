/** The device of this worker, as the runtime's options; and the proof that it is there before work comes. */
import { MdmError } from '../../wire/errors.ts';
import { floatMatrix, GRAPH, identityNode, MODEL } from './onnx-file.ts';
import { InferenceSession, listSupportedBackends, RUNTIME } from './ort.ts';
import { cleanMessage } from './ort-message.ts';
import { bytesField, concat, numberField } from './protobuf-fields.ts';

const CPU = 'cpu';
const PROBE_IR_VERSION = 8;
const PROBE_OPSET = 17;

export function isCpu(device: string): boolean {
  return device === CPU;
}

/**
 * One thread a worker: all work stays on the thread that is pinned, and no thread spins while it waits. The CPU
 * provider stands behind CUDA for the few operators that CUDA does not have.
 *
 * @param folder of the model, where a model that is loaded from bytes finds its weights
 */
export function sessionOptions(device: string, folder?: string): InferenceSession.SessionOptions {
  const spinning = { allow_spinning: '0' };
  return {
    executionProviders: isCpu(device) ? [CPU] : [{ name: 'cuda', deviceId: deviceId(device) }, CPU],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Without the arena, chunks of varied size take several times the memory.
    enableCpuMemArena: true,
    // Errors reach us as exceptions; see ort.ts.
    logSeverityLevel: 4,
    extra: {
      session: {
        intra_op: spinning,
        inter_op: spinning,
        ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: folder })
      }
    }
  };
}

/**
 * Makes a session of a tiny model on the device. A provider that is missing would otherwise show at the first
 * load, or be replaced by the CPU without a word.
 *
 * @throws MdmError `device_not_there`
 */
export async function checkDevice(device: string): Promise<void> {
  if (isCpu(device)) return;
  const built = listSupportedBackends().map(backend => backend.name);
  if (!built.includes('cuda')) {
    throw notThere(device, `${RUNTIME} on ${process.platform} has no CUDA; it has ${built.join(', ')}`);
  }
  try {
    const session = await InferenceSession.create(probeModel(), sessionOptions(device));
    await session.release();
  } catch (cause) {
    throw notThere(device, cause instanceof Error ? cleanMessage(cause.message) : String(cause), cause);
  }
}

function notThere(device: string, why: string, cause?: unknown): MdmError {
  return new MdmError('device_not_there', `Device ${device} cannot be used: ${why}.`, {
    remedy:
      'Install the CUDA files of onnxruntime-node and a driver that fits, or start with --device-map -1.',
    details: { device },
    cause
  });
}

function deviceId(device: string): number {
  return Number(device.slice('cuda:'.length));
}

/** y [any, 1] = x: the smallest model that a provider can take. */
function probeModel(): Uint8Array {
  const graph = concat(
    bytesField(GRAPH.node, identityNode('x', 'y')),
    bytesField(GRAPH.name, 'probe'),
    bytesField(GRAPH.input, floatMatrix('x', 1)),
    bytesField(GRAPH.output, floatMatrix('y', 1))
  );
  const opset = bytesField(MODEL.opsetImport, numberField(2, PROBE_OPSET));
  return concat(numberField(MODEL.irVersion, PROBE_IR_VERSION), bytesField(MODEL.graph, graph), opset);
}
