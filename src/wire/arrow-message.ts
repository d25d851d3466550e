/**
 * One encapsulated Arrow IPC message: continuation marker, length, flatbuffer metadata, body. In: the bytes of one
 * frame, or the metadata that a builder holds; out: header and body, or the bytes that go before a body.
 */
import { Message } from 'apache-arrow/fb/message';
import type { MessageHeader } from 'apache-arrow/fb/message-header';
import { MetadataVersion } from 'apache-arrow/fb/metadata-version';
import { type Builder, ByteBuffer, type Offset } from 'flatbuffers';
import { MdmError } from './errors.ts';

const CONTINUATION = 0xffffffff;
/** Continuation marker and length of the metadata. */
const PREFIX_BYTES = 8;
/** What Arrow recommends for buffers: a cache line, and the widest vector register. */
export const ALIGNMENT = 64;

export interface OpenMessage {
  /** The header as the table that is handed in. */
  header<T>(table: T): T;
  readonly body: Uint8Array;
}

/** @throws MdmError `bad_message` when the bytes are not a whole message of that kind */
export function openMessage(bytes: Uint8Array, kind: MessageHeader): OpenMessage {
  if (bytes.length < PREFIX_BYTES) throw badArrow(`${bytes.length} bytes are no message`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== CONTINUATION) throw badArrow('the marker of a message is not there');
  const start = PREFIX_BYTES + view.getInt32(4, true);
  if (start <= PREFIX_BYTES || start > bytes.length) throw badArrow('the metadata is cut off');
  const message = Message.getRootAsMessage(new ByteBuffer(bytes.subarray(PREFIX_BYTES, start)));
  if (message.headerType() !== kind) throw badArrow('another kind of message was expected');
  const end = start + Number(message.bodyLength());
  if (!(end >= start && end <= bytes.length)) throw badArrow('the body is cut off');
  // A plain view: a Node Buffer here would hand out Buffers, whose `slice` does not copy.
  const body = new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
  const header = <T>(table: T): T => {
    const found: T | null = message.header(table);
    if (found === null) throw badArrow('it has no header');
    return found;
  };
  return { header, body };
}

/** The bytes before the body, so padded that the body starts at a multiple of `ALIGNMENT`. */
export function finishMessage(
  builder: Builder,
  kind: MessageHeader,
  header: Offset,
  bodyLength: number
): Uint8Array {
  const body = BigInt(bodyLength);
  builder.finish(Message.createMessage(builder, MetadataVersion.V5, kind, header, body, 0));
  const metadata = builder.asUint8Array();
  const bytes = new Uint8Array(aligned(PREFIX_BYTES + metadata.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setInt32(4, bytes.length - PREFIX_BYTES, true);
  bytes.set(metadata, PREFIX_BYTES);
  return bytes;
}

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

export function badArrow(what: string, cause?: unknown): MdmError {
  return new MdmError('bad_message', `An Arrow message cannot be read: ${what}.`, { cause });
}
