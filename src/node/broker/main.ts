/**
 * The broker's process. In: its configuration, as the one argument; out: JSON lines on stdout, one an event:
 * `worker_ready`, then `ready` with the status document, or `error`.
 */
import '../gc.ts';
import { MdmError } from '../../wire/errors.ts';
import { parseBrokerConfig } from '../cluster/config.ts';
import { Broker } from './broker.ts';
import { Log } from './log.ts';

/** A drain that was asked for by a signal, or by the end of stdin, lasts at most so long. */
const DRAIN_LIMIT_MS = 30_000;

const tell = (event: string, facts: object) =>
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);

async function main(): Promise<void> {
  const config = parseBrokerConfig(process.argv[2] ?? '');
  const log = new Log(config.logger, config.verbose);
  const broker = new Broker(
    config,
    {
      onWorkerReady: worker => tell('worker_ready', worker),
      onReady: status => tell('ready', status),
      onEnded: error => {
        if (error !== null) tell('error', { error: error.toDocument() });
        process.exit(error === null ? 0 : 1);
      }
    },
    log
  );
  endOnSignals(broker);
  if (config.endWithStdin) endWithStdin(broker);
  // Whoever read our banner may close its end; that must not end the cluster.
  process.stdout.on('error', cause => log.event('broker', 'stdout_closed', { cause: cause.message }));
  await broker.open();
}

/** The first signal drains, the second ends at once. */
function endOnSignals(broker: Broker): void {
  let signals = 0;
  const onSignal = () => {
    signals += 1;
    broker.terminate(signals === 1 ? 'drain' : 'now', DRAIN_LIMIT_MS, () => undefined);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

function endWithStdin(broker: Broker): void {
  process.stdin.on('end', () => broker.terminate('drain', DRAIN_LIMIT_MS, () => undefined));
  process.stdin.on('error', () => broker.terminate('drain', DRAIN_LIMIT_MS, () => undefined));
  process.stdin.resume();
}

main().catch((thrown: unknown) => {
  tell('error', { error: MdmError.from(thrown).toDocument() });
  process.exit(1);
});
