/** `mdm predict`: reading and writing tables is Python's part of the product, so it is started for it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MdmError } from '../../wire/errors.ts';
import { exitCodeOf } from '../cluster/ending.ts';
import { errorCode } from '../cluster/error-code.ts';
import { type Context, EXIT } from './context.ts';

export async function predict(context: Context, words: readonly string[]): Promise<number> {
  const python = context.env.MDM_PYTHON || 'python3';
  const child = spawn(python, ['-m', 'jupyterlab_mdm', 'predict', ...words], {
    cwd: context.cwd,
    env: { ...context.env },
    stdio: 'inherit'
  });
  // A Ctrl-C reaches the child itself; a signal to this process alone must be handed on.
  const forward = () => void child.kill('SIGTERM');
  process.on('SIGTERM', forward);
  try {
    await once(child, 'exit');
  } catch (cause) {
    throw noPython(python, cause);
  } finally {
    process.off('SIGTERM', forward);
  }
  return exitCodeOf(child) ?? EXIT.failure;
}

function noPython(python: string, cause: unknown): MdmError {
  return new MdmError('bad_option', `Python cannot be started as "${python}" (${errorCode(cause)}).`, {
    remedy: 'Set MDM_PYTHON to the Python that has jupyterlab-mdm installed.',
    details: { option: 'MDM_PYTHON', value: python },
    cause
  });
}
