/** A `welcome` of another protocol, which this side's schemas need not fit. */
import { z } from 'zod';
import { PROTOCOL_VERSION } from '../../wire/messages.ts';

const greeting = z.object({
  op: z.literal('welcome'),
  protocol: z.int(),
  version: z.string().catch('')
});

export interface ForeignProtocol {
  readonly protocol: number;
  readonly version: string;
}

/** Null for every message but a `welcome` that names another version of the protocol. */
export function foreignProtocol(header: Uint8Array | undefined): ForeignProtocol | null {
  const text = new TextDecoder().decode(header);
  if (!text.includes('"welcome"')) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The door of all messages says what is wrong with it.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const parsed = greeting.safeParse(value).data;
  return parsed === undefined || parsed.protocol === PROTOCOL_VERSION ? null : parsed;
}
