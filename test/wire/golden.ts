/**
 * Golden frames: one file a message, `<door>.<op>.frames`, each frame as a 32-bit little-endian length and its
 * bytes. Both languages read them. The payloads are a real Arrow schema and record batch.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RecordBatchStreamWriter, tableFromArrays } from 'apache-arrow';
import { writeFrames } from '../../src/wire/frames.ts';
import { DOORS, type Door, type Message } from '../../src/wire/messages.ts';
import { EXAMPLES } from './examples.ts';

const FOLDER = fileURLToPath(new URL('../../schema/wire/golden', import.meta.url));

export interface Golden {
  readonly door: Door;
  readonly file: string;
  readonly message: Message<Door>;
  readonly bytes: Uint8Array;
}

export function goldenFrames(): Golden[] {
  return Object.keys(DOORS).flatMap(door => goldenOf(door as Door));
}

function goldenOf(door: Door): Golden[] {
  const examples: readonly Message<Door>[] = EXAMPLES[door];
  return examples.map(message => ({
    door,
    file: `${FOLDER}/${door}.${message.op}.frames`,
    message,
    bytes: pack(writeFrames(door, message, payloadOf(message.op)))
  }));
}

export function readGolden(file: string): Uint8Array[] {
  return unpack(readFileSync(file));
}

function payloadOf(op: string): Uint8Array[] {
  const [schema, batch] = arrowMessages();
  if (op === 'begin') return [schema];
  if (op === 'chunk') return [batch];
  return ['ask', 'chunk_done', 'work', 'done'].includes(op) ? [schema, batch] : [];
}

/** The two messages of a stream of four rows, cut where the second begins. */
function arrowMessages(): [schema: Uint8Array, batch: Uint8Array] {
  const table = tableFromArrays({ variable: Float32Array.of(1.5, -2, 0, 40.25) });
  const stream = RecordBatchStreamWriter.writeAll(table).toUint8Array(true);
  const view = new DataView(stream.buffer, stream.byteOffset);
  const PREFIX = 8;
  const cut = PREFIX + view.getInt32(4, true);
  const END_OF_STREAM = 8;
  return [stream.slice(0, cut), stream.slice(cut, stream.length - END_OF_STREAM)];
}

function pack(frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    frames.flatMap(frame => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(frame.length);
      return [length, frame];
    })
  );
}

function unpack(bytes: Buffer): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    frames.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}
