/** `mdm status` and `mdm runs`: what a cluster says of itself. */
import { type Context, EXIT } from './context.ts';
import type { STATUS } from './options.ts';
import type { Parsed } from './parse.ts';
import { runsText, statusText } from './status-text.ts';
import { styleFor } from './style.ts';
import { askStatus, withClient } from './with-client.ts';

export async function status(context: Context, { values }: Parsed<typeof STATUS>): Promise<number> {
  const document = await withClient(context, values, client => askStatus(client, values.timeout));
  context.print(
    values.json ? JSON.stringify(document, null, 2) : statusText(document, styleFor(context.colour))
  );
  return EXIT.ok;
}

export async function runs(context: Context, { values }: Parsed<typeof STATUS>): Promise<number> {
  const document = await withClient(context, values, client => askStatus(client, values.timeout));
  const text = values.json
    ? JSON.stringify(document.runs, null, 2)
    : runsText(document.runs, styleFor(context.colour));
  context.print(text);
  return EXIT.ok;
}
