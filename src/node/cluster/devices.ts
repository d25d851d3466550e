/**
 * Which device each worker gets. In: `--device-map` as it was written and the devices that are visible;
 * out: device names (`cpu`, `cuda:0`) in the order and with the repeats that were asked for.
 */
import { MdmError } from '../../wire/errors.ts';

const NUMBER = /^-?\d+$/;
const CUDA = /^(?:cuda|gpu):(\d+)$/i;

/**
 * `-1` or `cpu` is the CPU, `0` or `cuda:0` the first GPU; more than one are separated by commas.
 *
 * @throws MdmError `bad_option`
 */
export function parseDeviceMap(text: string): string[] {
  // Dashes become typographic ones, and lists get brackets, on their way through web pages and shells.
  const plain = text.replaceAll(/[‐-―−]/g, '-').replaceAll(/[[\]()]/g, ' ');
  const parts = plain.split(/[,\s]+/).filter(part => part !== '');
  const devices = parts.map(deviceName);
  if (devices.length === 0 || devices.includes(null)) {
    throw new MdmError('bad_option', `"${text}" is not a device map.`, {
      remedy: 'Use -1 for the CPU, or numbers of GPUs with commas between them, e.g. --device-map 0,1.',
      details: { option: 'device_map', value: text }
    });
  }
  return devices.filter(device => device !== null);
}

function deviceName(part: string): string | null {
  if (part.toLowerCase() === 'cpu') return 'cpu';
  const number = NUMBER.test(part) ? Number(part) : Number(CUDA.exec(part)?.[1] ?? Number.NaN);
  if (number === -1) return 'cpu';
  return number >= 0 ? `cuda:${number}` : null;
}

/** The device of a worker; workers take the devices in turn. */
export function deviceOf(devices: readonly string[], worker: number): string {
  return devices[worker % devices.length] ?? 'cpu';
}

export function isCuda(device: string): boolean {
  return device.startsWith('cuda:');
}

/** Devices as the original option writes them: `-1`, `0,1`. */
export function deviceMapText(devices: readonly string[]): string {
  return devices.map(device => (isCuda(device) ? device.slice('cuda:'.length) : '-1')).join(',');
}

/** @throws MdmError `device_not_there` for the first device that is not among the visible ones */
export function checkDevices(devices: readonly string[], visible: readonly string[]): void {
  const missing = devices.find(device => !visible.includes(device));
  if (missing === undefined) return;
  const instead = visible.filter(isCuda).length > 0 ? visible.filter(isCuda) : ['cpu'];
  throw new MdmError(
    'device_not_there',
    `Device ${missing} is not visible to this process; visible: ${visible.join(', ')}.`,
    {
      remedy: `Start with --device-map ${deviceMapText(instead)}.`,
      details: { device: missing, visible }
    }
  );
}

/**
 * No option of the CUDA provider in onnxruntime-node limits its memory: a fraction that the user set would
 * do nothing, so it is refused.
 *
 * @throws MdmError `bad_option`
 */
export function checkMemoryFraction(devices: readonly string[], fractionGiven: boolean): void {
  if (!fractionGiven || !devices.some(isCuda)) return;
  throw new MdmError(
    'bad_option',
    'gpu_memory_fraction cannot be kept: onnxruntime-node has no memory limit for its CUDA provider.',
    {
      remedy: 'Leave --gpu-memory-fraction out, or start with --device-map -1.',
      details: { option: 'gpu_memory_fraction' }
    }
  );
}
