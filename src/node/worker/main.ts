/**
 * One worker process: wiring only. Started by the broker as `node worker.mjs '<JSON>'`; it lives as long as the
 * broker holds its stdin. SIGINT is left to the broker, since Ctrl-C reaches every process of the terminal.
 */
import '../gc.ts';
import { Dealer } from 'zeromq';
import { MdmError } from '../../wire/errors.ts';
import { parseConfig } from './config.ts';
import { checkDevice } from './device.ts';
import { logToStderr } from './log.ts';
import { Worker } from './worker.ts';

const lifetime = new AbortController();

/** A call of a model in progress ends with the process. */
const end = (why: string) => () => {
  if (lifetime.signal.aborted) return;
  logToStderr('ending', { why });
  lifetime.abort();
};

process.on('SIGINT', () => logToStderr('sigint_ignored'));
process.once('SIGTERM', end('SIGTERM'));
for (const event of ['end', 'close', 'error']) process.stdin.once(event, end('the broker closed its pipe'));
process.stdin.resume();
// Nobody reads what is said any more: the broker is gone.
process.stderr.on('error', () => lifetime.abort());

try {
  const config = parseConfig(process.argv[2]);
  await checkDevice(config.device);
  const { routingId } = config;
  const socket = new Dealer({ routingId, linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  if (lifetime.signal.aborted) socket.close();
  else await new Worker(config, socket, lifetime, logToStderr).serve();
  process.exit(0);
} catch (thrown) {
  // The broker reads the last line as the reason.
  const error = MdmError.from(thrown);
  logToStderr('failed', { code: error.code, message: error.message, remedy: error.remedy });
  process.exit(1);
}
