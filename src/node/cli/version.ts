/** `mdm version`. */
import { PROTOCOL_VERSION } from '../../wire/messages.ts';
import { VERSION } from '../cluster/version.ts';
import { type Context, EXIT } from './context.ts';
import type { BARE } from './options.ts';
import type { Parsed } from './parse.ts';

export async function version(context: Context, { values }: Parsed<typeof BARE>): Promise<number> {
  const facts = { version: VERSION, protocol: PROTOCOL_VERSION, node: process.version };
  const text = `mdm ${VERSION} (protocol ${PROTOCOL_VERSION}, Node ${process.version})`;
  context.print(values.json ? JSON.stringify(facts) : text);
  return EXIT.ok;
}
