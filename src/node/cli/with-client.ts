/** A command that asks a running cluster: connects, asks, and closes whatever happens. */
import { connect, HANDSHAKE_TIMEOUT_MS } from '../client/connect.ts';
import type { ControlClient } from '../client/control-client.ts';
import { parseStatus, type StatusDocument } from '../cluster/status-document.ts';
import type { Context } from './context.ts';

interface Target {
  readonly name: string;
  readonly timeout: number;
}

export async function withClient<T>(
  context: Context,
  target: Target,
  ask: (client: ControlClient) => Promise<T>
): Promise<T> {
  const timeoutMs = Math.min(target.timeout, HANDSHAKE_TIMEOUT_MS);
  const options = { signal: context.signal, timeoutMs, env: context.env };
  const client = await connect(target.name, options);
  try {
    return await ask(client);
  } finally {
    client.close();
  }
}

export async function askStatus(client: ControlClient, timeoutMs: number): Promise<StatusDocument> {
  return parseStatus(await client.request('status', {}, timeoutMs));
}
