/**
 * Strings of a column. In: Arrow's offsets and UTF-8 bytes, or the strings of a tensor; out: the other of the two.
 * Where all is ASCII, bytes and characters count alike: one call of the (de)coder does for the whole column.
 */
import { badArrow } from './arrow-message.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

export interface EncodedText {
  /** One more than there are strings; the first is 0. */
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
}

/** @throws MdmError `bad_message` where the offsets leave the bytes */
export function decodeText(offsets: Int32Array, bytes: Uint8Array): string[] {
  checkOffsets(offsets, bytes.length);
  const first = offsets[0] ?? 0;
  const whole = decoder.decode(bytes.subarray(first, offsets.at(-1) ?? first));
  const ascii = whole.length === (offsets.at(-1) ?? first) - first;
  const values = new Array<string>(Math.max(0, offsets.length - 1));
  let start = first;
  for (let index = 0; index < values.length; index++) {
    const end = offsets[index + 1] ?? start;
    values[index] = ascii
      ? whole.slice(start - first, end - first)
      : decoder.decode(bytes.subarray(start, end));
    start = end;
  }
  return values;
}

export function encodeText(values: readonly string[]): EncodedText {
  const whole = values.join('');
  const bytes = encoder.encode(whole);
  const ascii = bytes.length === whole.length;
  const offsets = new Int32Array(values.length + 1);
  let end = 0;
  values.forEach((value, index) => {
    end += ascii ? value.length : encoder.encode(value).length;
    offsets[index + 1] = end;
  });
  return { offsets, bytes };
}

function checkOffsets(offsets: Int32Array, bytes: number): void {
  let last = 0;
  for (const offset of offsets) {
    if (offset < last || offset > bytes) throw badArrow('the offsets of a string column leave its bytes');
    last = offset;
  }
}
