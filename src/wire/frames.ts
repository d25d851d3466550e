/**
 * The frames of one message: `[header JSON] [payload …]`, without the routing ids that ROUTER sockets put
 * before them. Twin: kernel-bridge/jupyterlab_mdm/wire/frames.py.
 */
import { type Door, encode, type Message, parse } from './messages.ts';

export interface Received<D extends Door> {
  readonly message: Message<D>;
  readonly payload: readonly Uint8Array[];
}

/** @throws MdmError `bad_message` */
export function readFrames<D extends Door>(door: D, frames: readonly Uint8Array[]): Received<D> {
  const [header, ...payload] = frames;
  return { message: parse(door, header ?? new Uint8Array()), payload };
}

export function writeFrames<D extends Door>(
  door: D,
  message: Message<D>,
  payload: readonly Uint8Array[] = []
): Uint8Array[] {
  return [encode(door, message), ...payload];
}
